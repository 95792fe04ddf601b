"""Pack the whole book as an EPUB, from the built pages.

Formulas become MathML, which KaTeX wrote beside its HTML; readers set it in their own fonts.
"""

import mimetypes
import re
import zipfile
from html import escape
from itertools import groupby

from volume import CONFIG, FACTS, HTML, ROOT, TITLE, TOOLS, anchor, pages, pictures, relink

OUTPUT = ROOT / "_build/lossbook.epub"
SVG = "http://www.w3.org/2000/svg"
# Attributes that XHTML no longer has, and addresses' signs that have to be encoded.
USELESS = {"align", "halign", "valign"}
ENCODED = {"<": "%3C", ">": "%3E"}
# A selector that readers of 2020 do not know.
ANY_OF = re.compile(r"([^{}]*):is\(([^)]*)\)([^{}]*)(?={)")
# What Matplotlib writes and EPUB does not admit: a document type, and a path without a course.
DOCTYPE = re.compile(r"<!DOCTYPE[^>]*>")
NO_COURSE = re.compile(r"<path(?![^>]* d=)")
NO_DATE = (1980, 1, 1, 0, 0, 0)

CONTAINER = """\
<?xml version="1.0" encoding="UTF-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles>
<rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
PACKAGE = """\
<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:language>en</dc:language>
<dc:rights>{licence}</dc:rights>
<meta property="dcterms:modified">{year}-01-01T00:00:00Z</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">Every picture has a description; formulas are \
MathML.</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" \
xml:lang="en" data-theme="light">
<head>
<title>{title}</title>
<link rel="stylesheet" href="pygments.css"/>
<link rel="stylesheet" href="volume.css"/>
{styles}</head>
<body>
{body}
</body>
</html>
"""
FRONT = """\
<section class="front" epub:type="titlepage">
<img src="logo.svg" alt=""/>
<h1>{title}</h1>
<p>{author}</p>
<p>version {version}, {year}</p>
<p>{licence}</p>
</section>
"""


def file_of(name):
    """Return the name of the file that holds a page."""
    return f"{anchor(name)}.xhtml"


def set_in_mathml(article):
    """Keep of each formula what KaTeX wrote for machines: MathML, with its TeX as the text."""
    for formula in article.select(".katex.again"):
        formula.decompose()
    for formula in article.select(".katex"):
        math = formula.find("math").extract()
        annotation = math.find("annotation")
        math["alttext"] = annotation.get_text()
        annotation.decompose()
        for table in math.select("mtable[columnspacing='']"):
            del table["columnspacing"]
        formula.replace_with(math)
    for wide in article.select(".on-wide"):
        wide.decompose()


def fit_for_readers(page):
    """Make a page XHTML that electronic readers take, and return its images and their files."""
    article = page.article
    set_in_mathml(article)
    for element in article.find_all(True):
        for name in list(element.attrs):
            if name in USELESS or name.startswith(("on", "data-")):
                del element[name]
    for element in article.find_all(id=True):
        element["id"] = anchor(element["id"])
    for element in article.select("[role=list], [role=group]"):
        del element["role"]
    for link in article.select("a[href^=http]"):
        link["href"] = link["href"].translate(str.maketrans(ENCODED))
    for svg in article.find_all("svg"):
        svg["xmlns"] = SVG
    images = {}
    for image, path in pictures(page):
        image["src"] = f"images/{path.name}"
        images[image["src"]] = path
    return images


def xhtml(element):
    """Return the contents of an element as XML."""
    return element.decode_contents(formatter="minimal")


def navigation(book):
    """Return the table of contents, with the parts above their pages."""
    items = []
    for part, members in groupby(book, key=lambda page: page.part):
        links = [f'<li><a href="{file_of(p.name)}">{escape(p.title)}</a></li>' for p in members]
        inner = "\n".join(links)
        items.append(f"<li><span>{escape(part)}</span>\n<ol>{inner}</ol></li>" if part else inner)
    entries = "\n".join(items)
    return f'<nav epub:type="toc"><h1>Contents</h1>\n<ol>\n{entries}\n</ol></nav>'


def spelt_out(style):
    """Return a style sheet in which every ``:is(a, b)`` is two selectors."""
    return ANY_OF.sub(
        lambda found: ",".join(found[1] + one.strip() + found[3] for one in found[2].split(",")),
        style,
    )


def wrapped(title, body, styles=()):
    """Return a document of the archive."""
    sheets = "".join(f"<style>{escape(spelt_out(s), quote=False)}</style>\n" for s in styles)
    return DOCUMENT.format(title=escape(title), styles=sheets, body=body)


def manifest_line(name, kind, properties=()):
    """Return the line of the package that lists a file."""
    extra = f' properties="{" ".join(properties)}"' if properties else ""
    return f'<item id="{anchor("f", name)}" href="{name}" media-type="{kind}"{extra}/>'


def picture(path):
    """Return the contents of an image, of a drawing what EPUB admits."""
    if path.suffix != ".svg":
        return path.read_bytes()
    return NO_COURSE.sub('<path d=""', DOCTYPE.sub("", path.read_text(encoding="utf-8")))


def files(book, images):
    """Return the files of the book, without the package that lists them, and its lines."""
    contents = {
        "title.xhtml": wrapped(TITLE, FRONT.format(**FACTS)),
        "contents.xhtml": wrapped("Contents", navigation(book)),
    }
    lines = [
        manifest_line("title.xhtml", "application/xhtml+xml"),
        manifest_line("contents.xhtml", "application/xhtml+xml", ["nav"]),
    ]
    for page in book:
        name, article = file_of(page.name), page.article
        holds = [kind for kind in ("mathml", "svg") if article.find(kind.replace("ml", ""))]
        contents[name] = wrapped(page.title, xhtml(article), page.styles)
        lines.append(manifest_line(name, "application/xhtml+xml", holds))
    for name, path in images.items():
        contents[name] = picture(path)
        lines.append(manifest_line(name, mimetypes.guess_type(name)[0]))
    for path in (TOOLS / "volume.css", HTML / "_static/pygments.css", HTML / "_static/logo.svg"):
        contents[path.name] = path.read_bytes()
        cover = ["cover-image"] if path.suffix == ".svg" else []
        lines.append(manifest_line(path.name, mimetypes.guess_type(path.name)[0], cover))
    return contents, lines


def pack(book, images):
    """Write the archive; the file that names its kind comes first, as the format demands."""
    contents, lines = files(book, images)
    spine = ["title.xhtml", "contents.xhtml", *(file_of(page.name) for page in book)]
    package = PACKAGE.format(
        **FACTS,
        identifier=CONFIG["html"]["baseurl"] or f"urn:lossbook:{FACTS['version']}",
        manifest="\n".join(lines),
        spine="\n".join(f'<itemref idref="{anchor("f", name)}"/>' for name in spine),
    )
    with zipfile.ZipFile(OUTPUT, "w") as archive:

        def add(name, text, how=zipfile.ZIP_DEFLATED):
            archive.writestr(zipfile.ZipInfo(name, NO_DATE), text, how)

        add("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        add("META-INF/container.xml", CONTAINER)
        add("book/book.opf", package)
        for name, text in contents.items():
            add(f"book/{name}", text)


def main():
    """Pack all pages."""
    book = pages()
    names = {page.name for page in book}

    def address(name, place):
        return f"{file_of(name)}#{anchor(place)}" if place else file_of(name)

    images = {}
    for page in book:
        relink(page, names, address)
        images |= fit_for_readers(page)
    pack(book, images)
    print(f"The book is packed: {OUTPUT}")


if __name__ == "__main__":
    main()

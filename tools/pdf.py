"""Print the whole book to a PDF, with Chromium, from the built pages."""

import re
import subprocess
import sys
import tempfile
from html import escape
from itertools import groupby
from os import geteuid
from pathlib import Path

from volume import FACTS, HTML, ROOT, anchor, pages, pictures, relink, require

OUTPUT = ROOT / "_build/lossbook.pdf"
FONTS = {"LM Roman 10": "fonts-lmodern", ":lang=zh": "fonts-noto-cjk"}
DESTINATION = re.compile(r'^ *(\d+) \[.*\] "(.*)"$', re.MULTILINE)
DEMOTED = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5"}

DOCUMENT = """\
<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="html/_static/pygments.css">
<link rel="stylesheet" href="html/_static/katex/katex.min.css">
<link rel="stylesheet" href="../tools/volume.css">
<link rel="stylesheet" href="../tools/paper.css">
<style>{styles}</style>
</head>
<body class="paper">
{body}
</body>
</html>
"""
FRONT = """\
<section class="front">
<img src="html/_static/logo.svg" alt="">
<p class="book-title">{title}</p>
<p>{author}</p>
<p>version {version}, {year}</p>
<p class="licence">{licence}</p>
</section>
"""
# The name of the chapter above each of its pages.
HEADER = '@page {name} {{ @top-left {{ content: "{title}" }} }}\n.{name} {{ page: {name} }}\n'


def fit_for_paper(page):
    """Make headings, ids and pictures of a page fit for a document that holds all pages."""
    for element in page.article.find_all(id=True):
        element["id"] = anchor(page.name, element["id"])
    for level in sorted(DEMOTED, reverse=True):
        for heading in page.article.find_all(level):
            heading.name = DEMOTED[level]
    for image, path in pictures(page):
        image["src"] = f"html/{path.relative_to(HTML)}"
    for narrow in page.article.select(".on-narrow"):
        narrow.decompose()


def table_of_contents(book, numbers):
    """Return the table of contents; numbers maps the ids of pages to page numbers."""
    lines = []
    for part, members in groupby(book, key=lambda page: page.part):
        if part:
            lines.append(f'<p class="part-entry">{escape(part)}</p>')
        for page in members:
            name = anchor(page.name)
            within = ' class="within"' if page.name.count("/") > 1 else ""
            lines.append(
                f'<p{within}><a href="#{name}"><span>{escape(page.title)}</span>'
                f"<span>{numbers.get(name, '')}</span></a></p>"
            )
    return '<nav class="contents"><h1>Contents</h1>\n' + "\n".join(lines) + "</nav>"


def document(book, numbers):
    """Return the HTML of the volume."""
    styles, body = list({style: None for page in book for style in page.styles}), []
    body.append(FRONT.format(**FACTS))
    body.append(table_of_contents(book, numbers))
    for part, members in groupby(book, key=lambda page: page.part):
        if part:
            body.append(f'<section class="part"><h1>{escape(part)}</h1></section>')
        for page in members:
            name = anchor(page.name)
            title = page.title.replace("\\", "").replace('"', "”")
            styles.append(HEADER.format(name=f"page-{name}".replace(".", "-"), title=title))
            body.append(
                f'<section id="{name}" class="chapter page-{name}">'
                f"{page.article.decode_contents()}</section>"
            )
    return DOCUMENT.format(
        title=FACTS["title"],
        styles="\n".join(styles),
        body="\n".join(body),
    )


def print_to(path, html):
    """Print a document, which stands beside the folder of the pages, so that links are short."""
    source = ROOT / "_build/volume.html"
    source.write_text(html, encoding="utf-8")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            "chromium",
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
            "--generate-pdf-document-outline",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={path}",
        ]
        # Chromium refuses its sandbox to root, as in a container.
        command += ["--no-sandbox"] if geteuid() == 0 else []
        done = subprocess.run([*command, source.as_uri()], capture_output=True, text=True)
    if done.returncode or not Path(path).is_file():
        sys.exit(f"Chromium did not print the book:\n{done.stderr}")


def page_numbers(path):
    """Return the page on which each place of a PDF is that a link leads to."""
    listed = subprocess.run(["pdfinfo", "-dests", path], capture_output=True, text=True, check=True)
    return {name: int(number) for number, name in DESTINATION.findall(listed.stdout)}


def require_fonts():
    """Stop, and say what to install, where a font is missing."""
    missing = [
        package
        for font, package in FONTS.items()
        if not subprocess.run(["fc-list", font], capture_output=True, check=True).stdout
    ]
    if missing:
        sys.exit(f"fonts are missing; on Debian: apt install {' '.join(missing)}")


def main():
    """Print once to learn the page numbers, and once with them in the table of contents."""
    require({"chromium": "chromium", "pdfinfo": "poppler-utils", "fc-list": "fontconfig"})
    require_fonts()
    book = pages()
    names = {page.name for page in book}
    for page in book:
        relink(page, names, lambda name, place: f"#{anchor(name, place)}")
        fit_for_paper(page)
    OUTPUT.unlink(missing_ok=True)
    print_to(OUTPUT, document(book, {}))
    print_to(OUTPUT, document(book, page_numbers(OUTPUT)))
    print(f"The book is printed: {OUTPUT}")


if __name__ == "__main__":
    main()

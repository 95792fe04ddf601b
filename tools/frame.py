"""Sphinx extension: what stands around the text of a page.

Icons are a few drawings in the style sheet instead of a font of a megabyte. What depends on the
public address (`html.baseurl`) is written where it is set: the sitemap and the pictures that other
sites show of a page.
"""

import re
from functools import partial
from html import escape
from pathlib import Path
from shutil import rmtree
from urllib.parse import quote

from bs4 import BeautifulSoup
from sharing import draw_card
from translation import EDITIONS, is_chinese, say, site_of, up_from

import lossbook

ICON_FONT = re.compile(r"<!--[^>]*icons -->\s*<script[^>]*fontawesome\.js[^>]*></script>\s*")
ICON_RULES = re.compile(
    r'@font-face\{[^}]*Font Awesome[^}]*\}|(?:\.fa-[\w-]+:before,?)+\{content:"\\\w+"\}'
)
USELESS = (
    "_static/scripts/fontawesome.js*",
    "_static/**/*.map",
    "_static/vendor",
    # Notebooks to take along are in another folder.
    "_sources",
    # Sphinx's own search.
    "_static/searchtools.js",
    "_static/language_data.js",
)


def without_icon_font(html):
    """Return a piece of a page's head without the script that draws all of Font Awesome."""
    return ICON_FONT.sub("", html)


def fill_frame(app, pagename, templatename, context, doctree):
    """Tell the templates what they show."""
    context |= {
        "author": app.config.author,
        "repository": app.config.html_theme_options.get("repository_url"),
        "version": lossbook.__version__,
        "without_icon_font": without_icon_font,
        "say": partial(say, app),
        "editions": [
            (language.replace("_", "-"), name, f"{up_from(app, pagename)}{folder}{pagename}.html")
            for language, (folder, name) in EDITIONS.items()
            if language != app.config.language
        ],
    }
    title = re.sub(r"<[^>]+>", "", context.get("title") or "")
    context["plain_title"] = title
    description = BeautifulSoup(context.get("metatags", ""), "html.parser").find(
        "meta", attrs={"name": "description"}
    )
    context["description"] = description and description["content"]
    if app.config.html_baseurl:
        if pagename == "404":
            context["base"] = app.config.html_baseurl
        site = site_of(app)
        context["card"] = f"{site}_static/cards/{card_name(pagename)}"
        context["alternates"] = [
            (language.replace("_", "-"), f"{site}{folder}{pagename}.html")
            for language, (folder, _) in EDITIONS.items()
        ]


def card_name(pagename):
    """Return the file name of the picture that other sites show of a page."""
    return pagename.replace("/", "-") + ".png"


def choose_buttons(app, pagename, templatename, context, doctree):
    """Offer a notebook to take along, and printing, in words."""
    for button in context.get("header_buttons", []):
        if button.get("label") != "download-buttons":
            continue
        button["buttons"] = [b for b in button["buttons"] if b["label"] == "download-pdf-button"]
        button["buttons"][0] |= {"text": say(app, "Print this page"), "tooltip": None}
        button["tooltip"] = say(app, "Download or print")
        if context.get("sourcename", "").endswith(".ipynb"):
            link = {
                "type": "link",
                "url": f"{up_from(app, pagename)}downloads/{Path(pagename).name}.ipynb",
                "text": say(app, "Download notebook"),
                "icon": "fas fa-file",
                "label": "download-notebook-button",
            }
            button["buttons"].insert(0, link)


def leave_out_search(app):
    """Spare the index of Sphinx's own search, which the book does without."""
    app.builder.search = False


def extra_pages(app):
    """Add the page of the book's search, and the page for addresses that lead nowhere."""
    yield "search", {}, "search.html"
    yield "404", {"title": say(app, "Page not found")}, "404.html"


def tidy(app, exception):
    """Leave out what no page uses; where the book has an address, list its pages."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for pattern in USELESS:
        for path in out.glob(pattern):
            rmtree(path) if path.is_dir() else path.unlink()
    style = out / "_static/styles/pydata-sphinx-theme.css"
    style.write_text(ICON_RULES.sub("", style.read_text(encoding="utf-8")), encoding="utf-8")
    if app.config.html_baseurl and not is_chinese(app):
        publish(app, site_of(app))


def publish(app, site):
    """Write the sitemap, and a picture of each page, which all editions share."""
    pages = sorted(app.env.found_docs)
    addresses = "".join(
        f"<url><loc>{escape(f'{site}{folder}{quote(app.builder.get_target_uri(name))}')}</loc></url>\n"
        for folder, _ in EDITIONS.values()
        for name in pages
    )
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{addresses}</urlset>\n",
        encoding="utf-8",
    )
    folder = Path(app.outdir, "_static/cards")
    folder.mkdir(exist_ok=True)
    for name in pages:
        draw_card(app.env.titles[name].astext(), app.config.project, folder / card_name(name))


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", leave_out_search)
    app.connect("html-page-context", fill_frame, priority=490)
    app.connect("html-page-context", choose_buttons, priority=502)
    app.connect("html-collect-pages", extra_pages)
    app.connect("build-finished", tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

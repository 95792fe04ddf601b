"""Sphinx extension: drawings that hold pixels, such as digits, get a copy for the dark theme.

In the dark, the style sheet turns the colours of drawings by the filter ``invert(0.93)
hue-rotate(180deg)``.  In the copy, the pixels are turned beforehand, so the filter gives them back,
while axes and letters become light like those of any other drawing.
"""

import re
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
from docutils import nodes
from PIL import Image

PIXELS = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=\s]+")
HUE_ROTATED = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])


def turned(png):
    """Return an image with inverted colours and hues turned back, so that hues stay."""
    image = np.asarray(Image.open(BytesIO(png)).convert("RGBA"), np.float64)
    colours = np.clip((255 - image[..., :3]) @ HUE_ROTATED.T, 0, 255)
    result = np.concatenate([colours, image[..., 3:]], axis=-1).round().astype(np.uint8)
    file = BytesIO()
    Image.fromarray(result, "RGBA").save(file, "png")
    return file.getvalue()


def add_copies(app, doctree, docname):
    """Put the copy beside each drawing that holds pixels; the style sheet shows one of the two."""
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        if path.suffix != ".svg" or not path.is_file():
            continue
        drawing = path.read_text("utf-8")
        if not PIXELS.search(drawing):
            continue
        dark = path.with_suffix(".dark.svg")
        dark.write_text(
            PIXELS.sub(lambda png: b64encode(turned(b64decode(png[0]))).decode(), drawing), "utf-8"
        )
        copy = image.deepcopy()
        copy["uri"] = Path(image["uri"]).with_suffix(".dark.svg").as_posix()
        app.env.images.add_file(docname, copy["uri"])
        image["classes"].append("in-the-light")
        copy["classes"].append("in-the-dark")
        image.parent.insert(image.parent.index(image) + 1, copy)


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", add_copies)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

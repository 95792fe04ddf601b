"""Display of rows of the table of conventions on a page or in a terminal."""

from dataclasses import dataclass
from html import escape

from .equivalent import Equivalent

STYLE = """
.lossbook-listing { overflow: auto; }
.lossbook-listing table { border-collapse: collapse; margin: 0; width: 100%; }
.lossbook-listing caption { caption-side: top; padding: 0.4em 0; text-align: left; }
.lossbook-listing tr { background: none; border-top: 1px solid rgb(127 127 127 / 35%); }
.lossbook-listing :is(th, td) { padding: 0.3em 0; text-align: left; vertical-align: top; }
.lossbook-listing th[scope=rowgroup] { padding-top: 1.2em; }
.lossbook-listing th[scope=row] { font-weight: normal; padding-right: 0.7em; white-space: nowrap; }
.lossbook-listing td code { display: block; overflow-wrap: anywhere; white-space: normal; }
"""


@dataclass(frozen=True, repr=False)
class Listing:
    """Some rows of the table, shown as HTML in a notebook and as plain text elsewhere.

    Parameters
    ----------
    rows : tuple of Equivalent
        The rows to show.
    caption : str
        Caption of the listing.
    """

    rows: tuple[Equivalent, ...]
    caption: str

    def __repr__(self) -> str:
        lines = [self.caption]
        for loss, rows in self._by_loss():
            lines.append(loss)
            for row in rows:
                lines += [f"  {row.library}: {_code(row)}", f"    {_words(row)}"]
        return "\n".join(lines)

    def _repr_html_(self):
        groups = "".join(
            f'<tbody>\n<tr><th colspan="2" scope="rowgroup"><code>{escape(loss)}</code></th></tr>\n'
            + "".join(
                f'<tr><th scope="row">{escape(row.library)}</th>'
                f"<td><code>{escape(_code(row))}</code>{escape(_words(row))}</td></tr>\n"
                for row in rows
            )
            + "</tbody>\n"
            for loss, rows in self._by_loss()
        )
        caption = escape(self.caption)
        return (
            f"<style>{STYLE}</style>\n"
            f'<div class="lossbook-listing" role="region" tabindex="0" aria-label="{caption}">\n'
            f"<table>\n<caption>{caption}</caption>\n{groups}</table>\n</div>"
        )

    def _by_loss(self):
        groups = {}
        for row in self.rows:
            groups.setdefault(row.loss, []).append(row)
        return groups.items()


def _code(row):
    # What trains has no value to multiply.
    return row.call if row.curvature else row.times_factor(row.call)


def _words(row):
    given = ", ".join(f"{name}={value!r}" for name, value in row.given)
    said = [
        f"This holds for {given}." if given else "",
        "It returns the mean." if row.reduction == "mean" else "",
        f"It takes {row.targets} only." if row.targets != "any" else "",
        f"By default, {row.defaults.rstrip('.')}." if row.defaults else "",
        f"Multiply its derivatives by {row.factor}." if row.factor != "1" and row.curvature else "",
        f"Its second derivative is {row.curvature}." if row.curvature else "",
        row.note,
    ]
    return " ".join(filter(None, said))

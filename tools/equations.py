"""Displayed formulas that are broken for phones, and the same formulas with longer lines."""

import re

LONGEST = 66
ALIGNED = re.compile(r"\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*([.,]?)\s*", re.DOTALL)
CONTINUED = re.compile(r"&?\s*(?:\{\}\s*)?(?:\\q?quad\s*)+")
TOKEN = re.compile(r"\\[A-Za-z]+|\\\\(?:\[[\d.]+[a-z]+\])?|\\.|[{}]", re.DOTALL)
OPENS = {"{", r"\begin", r"\left"}
CLOSES = {"}", r"\end", r"\right"}
UNSEEN = re.compile(
    r"\\(?:begin|end)\{\w+\}|"
    r"\\(?:left|right|[bB]igg?[lr]?|t?frac|text|operatorname|textstyle)(?![a-zA-Z])"
)
RELATION = re.compile(r"=|<|>|\\(?:le|ge|leq|geq|approx|propto|sim|to|equiv|in)(?![a-zA-Z])")


def split_outside(text, mark):
    """Split at a mark that stands in no group and in no inner environment."""
    pieces, depth, start = [], 0, 0
    for found in TOKEN.finditer(text):
        token = found[0]
        if token.startswith(mark) and depth == 0:
            pieces.append(text[start : found.start()])
            start = found.end()
        elif token in OPENS:
            depth += 1
        elif token in CLOSES:
            depth -= 1
    return [*pieces, text[start:]]


def length(row):
    """Estimate how many characters wide a row is."""
    row = re.sub(r"\\[a-zA-Z]+", "x", UNSEEN.sub("", row))
    return len(re.sub(r"\\.|[{}^_&\s]", "", row))


def joined(tex):
    """Return a formula with the lines joined that are broken for phones, or None.

    A line that goes on with a term goes to the end of the one before.  A left side that stands
    alone gets its first relation beside it, and then all lines are aligned at their relations.
    """
    found = ALIGNED.fullmatch(tex)
    if not found:
        return None
    rows, moved = [], False
    for row in map(str.strip, split_outside(found[1], r"\\")):
        continued = CONTINUED.match(row)
        if continued is None or not rows:
            rows.append(row)
            continue
        rest, last = row[continued.end() :], rows[-1]
        if not starts_with_relation(rest):
            rows[-1] = f"{last} {rest}"
        elif last.startswith("&") and not starts_with_relation(last[1:]) and "&" not in last[1:]:
            rows[-1] = f"{last[1:].strip()} &{rest}"
            moved = True
        else:
            rows.append(f"&{rest}")
    if moved:
        rows = [at_relation(row) for row in rows]
    if len(rows) == len(split_outside(found[1], r"\\")) or None in rows:
        return None
    if max(map(length, rows)) > LONGEST:
        return None
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}{found[2]}"


def starts_with_relation(text):
    """Tell whether a text begins with a relation."""
    return RELATION.match(text.strip()) is not None


def at_relation(row):
    """Return a row that is aligned at its first relation, or None where it has none."""
    if not row.startswith("&") or starts_with_relation(row[1:]):
        return row
    for found in RELATION.finditer(row):
        before = row[1 : found.start()]
        if all(before.count(a) == before.count(b) for a, b in ("{}", "()")):
            return f"{before.strip()} &{row[found.start() :]}"
    return None

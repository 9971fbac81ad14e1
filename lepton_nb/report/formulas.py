"""LaTeX formulas as MathML, and the font in which browsers draw them.

Three ways were tried on the 136 formulas of the mathematics chapter, and looked at:

- latex2mathml knows no ``aligned``, left raw LaTeX in five of them without a word, and writes ``\\pm`` as a letter.
- ziamath draws SVG: 852 kB where MathML takes 45, text that cannot be selected or read aloud, and
  ``\\left\\lfloor`` drawn as the word "lfloor", without a word.
- KaTeX's MathML, from the script in the wheel of sphinxcontrib-katex, run in the same small JavaScript engine
  that draws the diagrams: all of them right, real error messages, 1 ms a formula. Chosen.

Browsers draw MathML with a font that has a MATH table. STIX Two Math comes out of ziamath's wheel, is cut to
the characters that mathematics needs, and is laid into the style sheet: fonts in files of their own are refused
by some browsers when a page is opened from a disk.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

_ML = "{http://www.w3.org/1998/Math/MathML}"

#: Starts of the alphabets of Unicode's mathematical letters: capital A, small a, digit 0, capital and small alpha.
#: Browsers know only mathvariant="normal", so letters of another style are written as characters of that style.
_ALPHABETS = {
    "bold": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    "italic": (0x1D434, 0x1D44E, None, 0x1D6E2, 0x1D6FC),
    "bold-italic": (0x1D468, 0x1D482, None, 0x1D71C, 0x1D736),
    "double-struck": (0x1D538, 0x1D552, 0x1D7D8, None, None),
    "script": (0x1D49C, 0x1D4B6, None, None, None),
    "bold-script": (0x1D4D0, 0x1D4EA, None, None, None),
    "fraktur": (0x1D504, 0x1D51E, None, None, None),
    "sans-serif": (0x1D5A0, 0x1D5BA, 0x1D7E2, None, None),
    "bold-sans-serif": (0x1D5D4, 0x1D5EE, 0x1D7EC, 0x1D756, 0x1D770),
    "sans-serif-italic": (0x1D608, 0x1D622, None, None, None),
    "monospace": (0x1D670, 0x1D68A, 0x1D7F6, None, None),
}
#: Letters that Unicode had encoded before the alphabets.
_ODD_LETTERS = {
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "italic": {"h": "ℎ"},
}


class FormulaError(ValueError):
    """A formula that cannot be set: the message names what is wrong and where."""


@cache
def _katex():
    """KaTeX in a JavaScript engine: (formula, display) gives MathML."""
    import quickjs  # comes with mermaidx

    context = quickjs.Context()
    context.eval(files("sphinxcontrib").joinpath("katex.min.js").read_text(encoding="utf-8"))
    # slice(0) copies the text: the engine hands over only strings of one piece.
    return context.eval(
        "(text, display) => { try { return katex.renderToString(text, {displayMode: display, output: 'mathml', "
        "throwOnError: true, strict: false, trust: false}).slice(0) } "
        "catch (error) { return ('!' + error.message).slice(0) } }"
    )


def _styled(letter: str, style: str) -> str:
    """One letter as the character of its style, or itself where Unicode has none."""
    if letter in _ODD_LETTERS.get(style, {}):
        return _ODD_LETTERS[style][letter]
    for (first, last), start in zip(("AZ", "az", "09", "ΑΩ", "αω"), _ALPHABETS[style], strict=True):
        if start and first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


@cache
def mathml(formula: str, display: bool = False) -> str:
    """LaTeX mathematics as MathML. Raises FormulaError for anything that LaTeX would not know.

    >>> mathml("x^2")
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    if not formula.strip():
        raise FormulaError("The formula is empty.")
    found = _katex()(formula, display)
    if found.startswith("!"):
        # KaTeX underlines the place with combining marks; plain text is easier to search for.
        reason = "".join(c for c in unicodedata.normalize("NFC", found[1:]) if not unicodedata.combining(c))
        raise FormulaError(f"{reason.removeprefix('KaTeX parse error: ')} Formula: {formula.strip()}")
    # KaTeX wraps the formula in <semantics> and adds its source.
    math = ElementTree.fromstring(re.search(r"<math.*</math>", found, re.S)[0])
    content = math[0][0]
    math[:] = content if content.tag == _ML + "mrow" else [content]
    for element in math.iter():
        _for_browsers(element, formula)
    ElementTree.register_namespace("", _ML.strip("{}"))  # for all of the process: whoever writes XML says it anew
    return ElementTree.tostring(math, encoding="unicode")


def _for_browsers(element: ElementTree.Element, formula: str) -> None:
    """Say in style sheets and characters what browsers do not read from MathML's attributes."""
    style = element.get("mathvariant")
    if style in _ALPHABETS and element.text:
        del element.attrib["mathvariant"]
        element.text = "".join(_styled(letter, style) for letter in element.text)
    if element.tag == _ML + "menclose":
        if element.get("notation") != "box":
            raise FormulaError(f"Browsers cannot draw menclose {element.get('notation')!r}. Formula: {formula.strip()}")
        element.tag = _ML + "mrow"
        element.set("style", "border:1px solid;padding:.3em .4em")
    if element.tag in (_ML + "msup", _ML + "msubsup"):
        _lower_primes(element)
    if element.tag == _ML + "mtable":
        sides = (element.get("columnalign") or "").split()
        gaps = (element.get("columnspacing") or "").split()
        for down, row in enumerate(element.findall(_ML + "mtr")):
            for across, cell in enumerate(row.findall(_ML + "mtd")):
                side = sides[min(across, len(sides) - 1)] if sides else "center"
                gap = gaps[min(across, len(gaps)) - 1] if across and gaps else "0em" if not across else "0.8em"
                above = "0.45em" if down else "0"
                # The prefixed value also aligns what is a block; a browser without it keeps the first.
                cell.set("style", f"text-align:{side};text-align:-webkit-{side};padding:{above} 0 0 {gap}")


def _lower_primes(element: ElementTree.Element) -> None:
    """A prime is drawn raised by the font already: it stands beside its letter, not in the exponent."""
    base, *lower, upper = element
    primes = list(upper) if upper.tag == _ML + "mrow" else [upper]
    if any(prime.tag != _ML + "mo" or prime.text != "′" for prime in primes):
        return
    letter = ElementTree.Element(_ML + "mrow") if lower else element
    letter[:] = [base, *primes]
    for prime in primes:
        prime.attrib.update(lspace="0", rspace="0")
    if lower:
        element.tag = _ML + "msub"
        element[:] = [letter, *lower]
    else:
        element.tag = _ML + "mrow"


# Characters of mathematics: Latin, accents, Greek, punctuation, letterlike, arrows, operators, brackets, shapes,
# mathematical letters.
_CHARACTERS = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x300, 0x338), (0x391, 0x3F6), (0x2010, 0x2057), (0x20D0, 0x20EF), (0x2100, 0x214F),
    (0x2190, 0x22FF), (0x2308, 0x230B), (0x239B, 0x23B3), (0x23DC, 0x23E1), (0x25A0, 0x25FF), (0x27C0, 0x27FF),
    (0x2A00, 0x2AFF), (0x1D400, 0x1D7FF),
)  # fmt: skip


def math_font(target: Path, characters: str = "") -> None:
    """Write the style sheet that carries the font of the formulas: 0.4 s, once for a version of ziamath.

    characters: what of it is needed, with what those are built from; empty: all characters of mathematics.
    """
    from fontTools import subset

    options = subset.Options(flavor="woff", hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14])
    options.layout_features = ["ssty", "dtls", "flac", "kern", "mark", "mkmk", "ccmp"]
    wheel = Path(find_spec("ziamath").origin).parent  # not imported: only its font is wanted
    font = subset.load_font(str(wheel / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    cutter = subset.Subsetter(options)
    codes = [code for first, last in _CHARACTERS for code in range(first, last + 1)]
    cutter.populate(unicodes=sorted({ord(letter) for letter in characters}) if characters else codes)
    cutter.subset(font)
    file = target.with_suffix(".woff")
    subset.save_font(font, str(file), options)
    font.close()
    data = base64.b64encode(file.read_bytes()).decode()
    file.unlink()
    target.write_text(
        "/* STIX Two Math, a part of it. Copyright the STIX Fonts Project Authors; SIL Open Font License 1.1. */\n"
        '@font-face { font-family: "Lepton Math"; font-display: block; '
        f'src: url("data:font/woff;base64,{data}") format("woff"); }}\n'
    )

"""HTML mail as text: blocks become lines; quoted mail, signatures and what is not shown are left out by structure.
One pass over tags of its own: html.parser takes quadratic time on unclosed comments and declarations."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from bot.channels.quoting_words import BOUNDARY_CLASS

HTML_CHARS = 1024 * 1024
TOKENS = 100_000
"""A newsletter of 600 kB has 40,000."""

_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,30})((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)>|([^<]+)|<")
_ATTRIBUTE = re.compile(
    r"\b(class|id|type|style|name|data-smartmail|data-marker)\s*=\s*(?:\"([^\"]{0,500})\"|'([^']{0,500})'|([^\s\"'>]{1,200}))",
    re.IGNORECASE,
)
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")
_BLANKS = re.compile(r"\n{3,}")

_UNSEEN = frozenset({"head", "style", "script", "title", "template", "noscript", "svg", "object", "select", "textarea"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base", "embed", "source", "o:p"})
_PARAGRAPH = frozenset({"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"})
_LINE = frozenset({"div", "li", "tr", "section", "article", "header", "footer", "dt", "dd", "center"})

QUOTE = re.compile(
    r"gmail_quote|gmail_extra_quote|yahoo_quoted|moz-cite-prefix|moz-forward-container|protonmail_quote|zmail_extra"
    r"|tutanota_quote|mail_quote|wm_quote|quoted-reply|ms-outlook-mobile-reference|gmail_attr|mobile-quote|aolreplacedbody"
    r"|mcntmcontainer|replyforwardmessage|hwmsg_quote|cite_body|front-blockquote|freshdesk_quote|helpscout_quote"
)
SIGNATURE = re.compile(
    r"gmail_signature|moz-signature|ms-outlook-mobile-signature|applemailsignature|yahoo-signature|^signature$"
    r"|protonmail_signature|x_signature|divsignature|tutanota_signature|zohosignature|_signature_block|mobile_signature"
)
CUT = re.compile(
    r"divrplyfwdmsg|appendonsend|olk_src_body_section|stopspelling|oldcontent|replysplit|mail-editor-reference-message"
    r"|bloop_original|mimestamp|isforwardcontent|msgheadertable|separator_mail|origmessage|__original_message"
    r"|signature_forward_divider|ydp[0-9a-f]{0,12}yahoo_quoted_header|" + BOUNDARY_CLASS
)
"""Elements of no extent of their own: what follows one is quoted, to the end of the mail."""
_CUT_STYLE = re.compile(
    r"border(?:-top)?:\s*(?:none;\s*border-top:\s*)?solid #(?:e1e1e1|b5c4df|b5c4de|cccccc) 1\.0pt"
    r"|mso-element:para-border-div"
)
_HIDDEN_STYLE = re.compile(r"display:\s*none|visibility:\s*hidden|mso-hide:\s*all")


@dataclass(slots=True)
class _Page:
    out: list[str] = field(default_factory=list)
    skipped: str = ""
    depth: int = 0
    in_pre: int = 0


def text_of_html(source: str) -> str:
    page = _Page()
    for closing, name, attributes, text in islice(_tokens(source[:HTML_CHARS]), TOKENS):
        if text:
            _take_text(page, text)
        elif page.skipped:
            _skip(page, closing, name)
        elif not closing and _is_cut(attributes):
            break
        else:
            _take_tag(page, closing, name, attributes)
    lines = [line.strip() for line in "".join(page.out).split("\n")]
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _tokens(source: str) -> Iterator[tuple[bool, str, str, str]]:
    """(closing, tag, attributes, "") or (False, "", "", text). Comments and declarations are passed over by search."""
    at, size = 0, len(source)
    while at < size:
        if source.startswith(("<!", "<?"), at):
            end = source.find("-->", at + 4) if source.startswith("<!--", at) else source.find(">", at)
            if end < 0:
                return
            at = source.find(">", end) + 1
            continue
        found = _TOKEN.match(source, at)
        if not found:
            return
        at = found.end()
        if found[2]:
            yield found[1] == "/", found[2].lower(), found[3][:2_000], ""
        else:
            yield False, "", "", found[4] or "<"


def _take_text(page: _Page, text: str) -> None:
    if page.skipped:
        return
    text = html.unescape(_LONG_REFERENCE.sub("\ufffd", text))
    page.out.append(text if page.in_pre else _SPACE.sub(" ", text))


def _take_tag(page: _Page, closing: bool, name: str, attributes: str) -> None:
    if not closing and name not in _VOID and _is_left_out(name, attributes):
        page.skipped, page.depth = name, 1
        page.out.append("" if name in _UNSEEN else "\n")
    elif name in _PARAGRAPH:
        page.out.append("\n\n" if name != "table" else "\n")
        page.in_pre = max(0, page.in_pre + (-1 if closing else 1)) if name == "pre" else page.in_pre
    elif name in ("br", "hr"):
        page.out.append("\n")
    elif name in _LINE:
        page.out.append(_once(page))
    elif name in ("td", "th") and closing:
        page.out.append(" ")


def _once(page: _Page) -> str:
    return "" if page.out and page.out[-1].endswith("\n") else "\n"


def _skip(page: _Page, closing: bool, name: str) -> None:
    if name == page.skipped:
        page.depth += -1 if closing else 1
        if page.depth == 0:
            page.skipped = ""


def _values(attributes: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(attributes):
        yield name.lower(), (double or single or bare).lower()


def _is_cut(attributes: str) -> bool:
    return any(
        (_CUT_STYLE if name == "style" else CUT).search(value) is not None
        for name, value in _values(attributes)
        if name in ("class", "id", "style", "name")
    )


def _is_left_out(name: str, attributes: str) -> bool:
    if name in _UNSEEN or name == "blockquote":
        return True
    for attribute, value in _values(attributes):
        if attribute == "style" and _HIDDEN_STYLE.search(value):
            return True
        if attribute in ("class", "id", "data-smartmail", "data-marker") and (
            QUOTE.search(value) or SIGNATURE.search(value)
        ):
            return True
    return False

"""Whatever of HTML, CSS, SVG or MathML has a browser fetch something fetches nothing out of a mail."""

from base64 import b64encode

import pytest

from bccd.mail.parse import parse
from bccd.mail.sanitise import sanitised
from tests.unit.mail.markup import faults_of

HOST = "leak.example"
URL = f"https://{HOST}/x"
_SVG = b64encode(f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{URL}'/></svg>".encode()).decode()

# By what has it fetched; "$" stands for the URL.
LEAKS: dict[str, str] = {
    # Elements that load.
    "img src": "<img src=$>",
    "img no scheme": "<img src=//leak.example><img src=\\\\leak.example\\x><img src='/\\leak.example'>",
    "img with white space": "<img src='\t\n $'><img\fsrc\f=\f'$'>",
    "img srcset": "<img srcset='$ 1x, $ 2x' sizes=100vw><img src=cid:a srcset='$'>",
    "img lowsrc dynsrc longdesc": "<img lowsrc=$ dynsrc=$ longdesc=$ src=cid:a usemap=$>",
    "img data": f"<img src='data:image/svg+xml;base64,{_SVG}'>",
    "img crossorigin": "<img crossorigin src=$ referrerpolicy=unsafe-url loading=eager>",
    "image": "<image src=$><image href=$>",
    "picture": "<picture><source srcset=$><source src=$><img src=$></picture>",
    "input image": "<input type=image src=$><input type=IMAGE src='$' formaction=$>",
    "video": "<video autoplay src=$></video><video poster=$ controls><source src=$></video>",
    "audio": "<audio autoplay src=$></audio><audio><source src=$><track src=$ default></audio>",
    "bgsound": "<bgsound src=$>",
    "iframe": "<iframe src=$></iframe><iframe srcdoc='<img src=$>'></iframe>",
    "frame": "<frameset><frame src=$ longdesc=$></frameset>",
    "object": "<object data=$ codebase=$ classid=$><param name=movie value=$></object>",
    "embed": "<embed src=$ code=$ pluginspage=$>",
    "applet": "<applet code=$ archive=$ codebase=$ object=$></applet>",
    "portal": "<portal src=$></portal><fencedframe src=$></fencedframe>",
    "layer": "<layer src=$></layer><ilayer src=$></ilayer>",
    "xml island": "<xml src=$></xml><xss style='behavior:url($)'>",
    "import": "<?import namespace=t implementation=$><?xml-stylesheet href='$'?>",
    "doctype": "<!DOCTYPE html SYSTEM '$'><!DOCTYPE a [<!ENTITY b SYSTEM '$'>]>",
    "conditional comment": "<!--[if gte IE 5]><img src=$><![endif]--><![if IE]><img src=$><![endif]>",
    "html manifest": "<html manifest=$ xmlns=$><head profile=$>",
    # The head.
    "link stylesheet": "<link rel=stylesheet href=$><link rel='alternate stylesheet' href=$>",
    "link prefetch": "".join(
        f"<link rel={rel} href=//leak.example/x>"
        for rel in ("prefetch", "dns-prefetch", "preconnect", "preload", "modulepreload", "prerender", "next")
    ),
    "link icon": "<link rel=icon href=$><link rel=apple-touch-icon href=$><link rel=manifest href=$>",
    "link imagesrcset": "<link rel=preload as=image imagesrcset='$ 1x'><link rel=import href=$>",
    "meta refresh": "<meta http-equiv=refresh content='0;url=$'><META HTTP-EQUIV=Refresh CONTENT=0;$>",
    "meta policy": "<meta http-equiv=Content-Security-Policy content='img-src *; report-uri $'>",
    "meta link": "<meta http-equiv=link content='<$>; rel=stylesheet'>",
    "meta msapplication": "<meta name=msapplication-TileImage content=$><meta name=og:image content=$>",
    "base": "<base href=$/><img src=a.png><a href=b>c</a>",
    "script": "<script src=$></script><script type=module>import '$'</script>",
    "speculation": "<script type=speculationrules>{'prefetch':[{'urls':['$']}]}</script>",
    "style": "<style>@import '$';@import url($);p{background:url($)}</style>",
    "style of fonts": "<style>@font-face{font-family:a;src:url($)}p{font-family:a}</style>",
    "style namespace": "<style>@namespace url($);@document url($){p{color:red}}</style>",
    "style never closed": "<style>p{background:url($)}",
    # Attributes of other elements.
    "body background": "<body background=$>a</body>",
    "body background in quotes": "<BODY BgProperties=fixed BACKGROUND = '$'>a",
    "table background": "<table background=$><tr background=$><td background=$><th background=$>",
    "a ping": "<a ping=$ href=mailto:a>a</a>",
    "area": "<map name=m><area ping=$ href=$></map>",
    "attributionsrc": "<img src=cid:a attributionsrc=$><a attributionsrc=$>b</a>",
    "cite": "<q cite=$>a</q><blockquote cite=$>b</blockquote><ins cite=$>c</ins>",
    "form": "<form action=$><button formaction=$>a</button><isindex action=$ src=$></form>",
    "html5 menu": "<menuitem icon=$><command icon=$>",
    "noscript": "<noscript><img src=$></noscript><noembed><img src=$></noembed>",
    "template": "<template><img src=$></template><template shadowrootmode=open><img src=$></template>",
    "is and slot": "<div is=$ slot=$ itemid=$ itemtype=$>a</div>",
    "events": "<img src=cid:a onerror=\"new Image().src='$'\" onload=fetch('$')>",
    "vml": "<v:rect><v:fill src=$ /><v:imagedata src=$ o:href=$ /></v:rect>",
    "vml style": "<div style=\"behavior:url(#default#VML)\"><v:fill src='$'></div>",
    # CSS in a style attribute.
    **{
        f"css {name}": f"<p style='{name}:url($)'>a</p><td style=\"{name}: URL( '$' )\">b"
        for name in (
            "background", "background-image", "list-style", "list-style-image", "content", "cursor",
            "border-image", "border-image-source", "mask", "mask-image", "-webkit-mask-box-image", "filter",
            "-webkit-filter", "backdrop-filter", "clip-path", "shape-outside", "offset-path", "fill",
            "stroke", "marker", "marker-start", "src", "font", "behavior", "-moz-binding", "-o-link",
            "symbols", "-webkit-box-reflect", "--x", "color", "font-family", "width",
            "height", "float", "border",
        )
    },
    "css escapes": "<p style='background:\\75\\72\\6c($)'>a</p><p style='background:u\\000072l($)'>b</p>",
    "css escape of a letter": "<p style='background:\\url($)'>a</p><p style='b\\61ckground:u\\rl($)'>b</p>",
    "css entities": "<p style='background:&#117;&#x72;l&lpar;$)'>a</p>",
    "css comments": "<p style='background:/**/url(/**/$)'>a</p><p style='back/**/ground:url($)'>b</p>",
    "css image-set": "<p style='background:image-set(\"$\" 1x)'>a</p><p style='background:image-set($)'>",
    "css image": "<p style='background:image(\"$\")'>a</p><p style='background:cross-fade($,red)'>b</p>",
    "css element and paint": "<p style='background:element(#a);background:paint($)'>a</p>",
    "css src function": "<p style='background:src(\"$\")'>a</p>",
    "css attr": "<p title=x style='background:attr(title url)'>a</p>",
    "css var": "<p style='--a:url($);background:var(--a)'>a</p>",
    "css expression": "<p style='width:expression(new Image().src=\"$\")'>a</p>",
    "css at-rule": "<p style='@import url($);color:red'>a</p>",
    "css broken string": "<p style=\"color:'\nred;background:url($)\">a</p>",
    "css line end in url": "<p style='background:u\nrl($)'>a</p><p style='background:url\n($)'>b</p>",
    "css out of its attribute": "<p style='color:red\"><img src=$>'>a</p>",
    "css null": "<p style='background:u\0rl($)'>a</p>",
    # SVG and MathML; FuncIRI is an url() in an attribute of its own.
    "svg image": "<svg><image href=$ /><image xlink:href=$ /><feImage href=$ /></svg>",
    "svg use": "<svg><use href=$#a /><use xlink:href='$#a'/></svg>",
    "svg FuncIRI": "<svg>"
    + "".join(
        f"<rect {name}='url($#a)'/>"
        for name in ("fill", "stroke", "filter", "mask", "clip-path", "marker-start", "marker-mid",
                     "marker-end", "cursor", "color-profile")
    )
    + "</svg>",
    "svg animate": "<svg><image><animate attributeName=href values=$ begin=0s></image></svg>",
    "svg animate by and to": "<svg><a><animate attributeName=xlink:href by=$ from=$ to=$ /></a></svg>",
    "svg set": "<svg><image><set attributeName=href to=$></image></svg>",
    "svg SMIL fill": "<svg><rect><animate attributeName=fill values='url($#a);url($#b)'></rect></svg>",
    "svg SMIL mask": "<svg><animateTransform attributeName=mask values=url($)><animateMotion path=$></svg>",
    "svg gradient": "<svg><linearGradient href=$ /><pattern xlink:href=$ /><filter href=$ /></svg>",
    "svg text": "<svg><tref xlink:href=$ /><textPath href=$ /><altGlyph xlink:href=$ /></svg>",
    "svg style": "<svg><style>@import url($);rect{fill:url($)}</style></svg>",
    "svg foreignObject": "<svg><foreignObject><img src=$><iframe src=$></foreignObject></svg>",
    "svg script and handler": "<svg><script href=$ /><handler xlink:href=$ /><listener handler=$ /></svg>",
    "svg discard and mpath": "<svg><animateMotion><mpath href=$ /></animateMotion><view href=$ /></svg>",
    "math": "<math href=$ xlink:href=$ altimg=$><mglyph src=$ /><ms background=$>a</math>",
    "math in svg in table": "<table><svg><title><table><img src=$></table></title></svg></table>",
}  # fmt: skip


@pytest.mark.parametrize("html", LEAKS.values(), ids=LEAKS)
def test_nothing_is_fetched(html: str) -> None:
    """What would be fetched without a click is gone with its address, alone and inside other mark-up."""
    html = html.replace("$", URL)
    for whole in (html, f"<div><p>a</p>{html}</div>", f"<table><tr><td>{html}</td></tr></table>"):
        safe = sanitised(whole)
        assert HOST not in safe.html
        assert faults_of(safe.html) == []


@pytest.mark.parametrize(
    "pages", [list(LEAKS.values()), list(LEAKS.values())[::-1]], ids=["one way", "the other"]
)
def test_a_mail_of_all_of_them(pages: list[str]) -> None:
    """The column that front ends show holds none of it either, whichever of them comes first."""
    html = "".join(f"{page}<p>behind</p>" for page in pages)
    html = html.replace("$", URL).replace("\f", " ")  # a form feed is no space in a mail
    found = parse(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()).content
    assert found.html
    assert HOST not in found.html
    assert faults_of(found.html) == []


def test_what_was_left_out_is_told() -> None:
    """A mark counts the pictures and backgrounds left out, so that a front end can say so."""
    html = f"<body background={URL}><img src={URL}><p style='background:url({URL})'>a"
    content = parse(b"Content-Type: text/html\r\n\r\n" + html.encode()).content
    assert "remote:3" in content.marks and content.html == "<p>a</p>"


def test_a_link_waits_for_a_click() -> None:
    """Links stay, without a way back to the page that shows them, and only such that lead elsewhere."""
    html = sanitised(f"<a href={URL} target=_self rel=opener>a</a><a href='{HOST}'>b</a>").html
    assert html == f'<a href="{URL}" rel="noopener noreferrer">a</a><a rel="noopener noreferrer">b</a>'

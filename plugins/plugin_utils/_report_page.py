# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as Markdown, for a merge request, and as one page of HTML that needs nothing else."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence

import jinja2
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import HIDDEN
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown

Json = Mapping[str, t.Any]
LONGEST = 200  # characters of a value
TITLES = {
    ("check", "clean"): "All servers are as they are declared",
    ("check", "drift"): "Servers differ from what is declared",
    ("check", "error"): "Some servers could not be compared",
    ("run", "clean"): "Nothing had to be changed",
    ("run", "changed"): "Servers were changed",
    ("run", "error"): "A run with errors",
}
# The word for an object: by the mode, and by what the task does or would do with it.
WORDS = {
    "check": {"created": "missing", "updated": "differs", "deleted": "will be deleted", "undeclared": "not declared"},
    "run": {"created": "created", "updated": "changed", "deleted": "deleted", "undeclared": "not declared"},
}
AFFECTED = {
    "groups": "the members of these groups",
    "default_user": "all users who have no value of their own and no group with one",
    "config_items": "all users who connect to this server",
    "servers": "all users who connect to these VPN servers",
}
ONLY_DECLARED = (
    "Only the parts that are named for a server are declared there. Changes to other parts are not in this report."
)
NEXT = {
    "differs": "If the repository is right, run the playbook vpn.estate.site. If the server is right, change the declaration.",
    "missing": "Run the playbook vpn.estate.site to create it, or remove it from the declaration. A new user has a "
    "password only if one is declared.",
    "will be deleted": "It is declared absent, or it is not declared and a purge is on. To keep it, declare it.",
    "not declared": "It is only on the server, and no run changes it. Declare it. To remove it, declare state: absent; for an "
    "option, inherit: [OPTION]; for a configuration item, state: default. To keep it without a declaration, name it in "
    "access_server_known or freebox_vpn_known.",
    "failed": "Read the message, correct its cause, and run again.",
    "error": "Read the message, correct its cause, and run again.",
}


VERBS = {"check": ("will gain", "will lose"), "run": ("gained", "lost")}
ACCESS_NOTES = {
    "check": "If the playbook vpn.estate.site runs as the repository is now:",
    "run": "By what this run changed:",
}


class Row(t.NamedTuple):
    """What a report says of one object, or of several that are alike."""

    title: str
    word: str
    details: Sequence[tuple[str, str, str]]  # of each property, the name, the value before and the value after
    message: str = ""


def rows(part: Json, mode: str) -> Iterator[Row]:
    """What differs, or was done, in a part."""
    words = WORDS[mode]
    before, after = part["before"], part["after"]
    named: set[str] = set()
    for title in sorted({*before, *after}, key=str):
        action = "updated" if title in before and title in after else "created" if title in after else "deleted"
        named.update({str(title)} if not re.match(r"\d+ objects: ", str(title)) else ())
        yield Row(shown(str(title)), words[action], [*_details(before.get(title), after.get(title))])
    folded = len(before.keys() | after.keys()) != len(named)
    for change in part["changes"]:
        name, action = str(change["name"]), str(change["action"])
        if action in words and (name in named or folded):
            continue
        keys = [(shown(str(key)), "", "") for key in change.get("changed_keys") or ()]
        yield Row(shown(name), words.get(action, action), keys, shown(str(change.get("msg") or "")))
    for key, word in (("undeclared_options", f"options {words['undeclared']}"), ("undeclared", words["undeclared"])):
        for one in part[key]:
            yield Row(shown(str(one["name"])), word, [*_details(one["options"], None)])


def _details(before: t.Any, after: t.Any) -> Iterator[tuple[str, str, str]]:
    one, other = (value if isinstance(value, dict) else {"": value} if value else {} for value in (before, after))
    for key in dict.fromkeys((*one, *other)):
        yield shown(str(key)), _value(one.get(key)), _value(other.get(key))


def _change(mode: str, before: str, after: str) -> str:
    """A value before and a value after: on the server and in the declaration, where nothing was written."""
    if after == HIDDEN and not before:  # nothing shows whether there was a secret before
        return f"{'will be set' if mode == 'check' else 'set'} {HIDDEN}"
    one, other = before or "nothing", after or "nothing"
    return f"{one} on the server, {other} declared" if mode == "check" else f"{one} → {other}"


def _value(value: t.Any) -> str:
    if value is None:
        return ""
    text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _tally(server: Json, mode: str) -> dict[str, int]:
    """How many objects of a server there are by the word that the report has for them."""
    found = dict.fromkeys(WORDS[mode].values(), 0)
    for part in server["parts"]:
        for change in part["changes"]:
            word = WORDS[mode].get(str(change["action"]), "failed")
            found[word] = found.get(word, 0) + 1
        found["not declared"] += len(part["undeclared"]) + len(part["undeclared_options"])
    return found


def _steps(server: Json, mode: str) -> list[tuple[str, str]]:
    """What to do next, by the words of what differs."""
    words = [word for word, number in _tally(server, mode).items() if number]
    if server["status"] == "error":
        words.append("error")
    return [(word, NEXT[word]) for word in words if word in NEXT and (mode == "check" or word in ("failed", "error"))]


def who(entry: Json) -> str:
    """The users and groups of an entry about access, the first of them by name."""
    said = []
    for one, several, count in (("group", "groups", "group_count"), ("user", "users", "user_count")):
        if entry[count]:
            more = entry[count] - len(entry[several])
            names = ", ".join(shown(str(name)) for name in entry[several])
            said.append(
                f"{one if entry[count] == 1 else f'{entry[count]} {several}'} {names}"
                + (f" and {more} more" if more else "")
            )
    return "; ".join([*said, *(["users without a group"] if entry["others"] else [])])


def reach(entry: Json, kind: str) -> str:
    """What is gained (``gain``) or lost (``lose``) by an entry about access."""
    texts = [shown(str(text)) for text in entry[f"{kind}s"]]
    more = entry[f"{kind}_count"] - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _notes(access: Json) -> Iterator[str]:
    """What the entries about access leave out."""
    if access["left_out"]:
        yield f"{access['left_out']} further entries are not shown."
    if not access["vpn_clients_compared"]:
        yield "Which other VPN clients users reach was not compared, because there are too many combinations."


MARKDOWN = """\
# {{ title | md }}

{{ report.time | md }}
{%- if report.commit %}, commit `{{ report.commit.id[:12] }}` ({{ report.commit.subject | shown | md }})
{%- if report.commit.changed_files %}, with files that are not committed{% endif %}{% endif %}

| server | status |{% for word in words %} {{ word }} |{% endfor %} restart | parts |
| --- | --- |{% for word in words %} ---: |{% endfor %} --- | --- |
{% for server in report.servers -%}
| {{ server.name | shown | md }} | {{ server.status }} |
{%- for word in words %} {{ tally(server)[word] or "" }} |{% endfor %}
 {{- " needed" if server.restart else "" }} | {{ parts(server) | md }} |
{% endfor %}
{{ only_declared }}
{%- for server in report.servers if server.status != "clean" or server.health %}
## {{ server.name | shown | md }}: {{ server.status }}
{% for message in server.messages %}
> {{ message | shown | md }}
{% endfor %}
{%- for word, step in steps(server, report.mode) %}
- **{{ word }}**: {{ step | md }}
{%- endfor %}
{% for part in server.parts %}
### {{ part.part | md }}
{% if affected[part.part] and part.changes %}
Affected: {{ affected[part.part] }}.
{% endif %}
{%- for row in rows(part, report.mode) %}
- {{ row.title | md }}: **{{ row.word }}**
{%- if row.message %} - {{ row.message | md }}{% endif %}
{%- for key, before, after in row.details %}
  - {{ (key ~ ": " ~ change(report.mode, before, after) if before or after else key) | md }}
{%- endfor %}
{%- endfor %}
{% endfor %}
{%- if server.access is defined %}
### Who reaches what

{{ access_notes[report.mode] | md }}
{% for one in server.access.changes %}
- {{ who(one) | md }}
{%- if one.gains %}
  - **{{ verbs[report.mode][0] }}**: {{ reach(one, "gain") | md }}
{%- endif %}
{%- if one.loses %}
  - **{{ verbs[report.mode][1] }}**: {{ reach(one, "lose") | md }}
{%- endif %}
{%- endfor %}
{% for note in notes(server.access) %}
{{ note | md }}
{% endfor %}
{%- endif %}
{%- if server.restart %}
A restart may be needed by {{ server.restart | map("shown") | map("md") | join(", ") }}
{%- if server.vpn_clients is defined %}; {{ server.vpn_clients }} clients are connected now{% endif %}.
{% endif %}
{%- if server.health %}
### Soon
{% for one in server.health %}
- {{ one | shown | md }}
{%- endfor %}
{% endif %}
{%- endfor %}
"""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --clean: #1a7f37; --drift: #9a6700; --error: #cf222e; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; } .wide td:first-child, .wide td:last-child { min-width: 10rem; }
.n { text-align: right; } th, .n { overflow-wrap: normal; } section td:first-child { width: 40%; }
.status { font-weight: 600; white-space: nowrap; }
.clean { color: var(--clean); } .drift, .changed { color: var(--drift); } .error, .failed { color: var(--error); }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 0 1rem 1rem; margin: 1rem 0; break-inside: auto; }
.message { border-left: .25rem solid var(--error); padding-left: .75rem; }
ul { padding-left: 1.2rem; } h3 { margin-bottom: .2rem; } small { opacity: .75; }
@media print { body { max-width: none; font-size: 11pt; } section { border: 0; padding: 0; } tr { break-inside: avoid; } }
</style>
</head>
<body>
<h1 class="{{ report.status }}">{{ title }}</h1>
<p>{{ report.time }}
{%- if report.commit %}, commit <code>{{ report.commit.id[:12] }}</code> ({{ report.commit.subject | shown }})
{%- if report.commit.changed_files %}, with files that are not committed{% endif %}{% endif %}</p>
<div class="wide"><table>
<tr><th>server</th><th>status</th>{% for word in words %}<th class="n">{{ word }}</th>{% endfor %}<th>restart</th>
<th>parts</th></tr>
{% for server in report.servers %}<tr><td>
{%- if server.status == "clean" and not server.health %}{{ server.name | shown }}
{%- else %}<a href="#s{{ loop.index }}">{{ server.name | shown }}</a>{% endif %}</td>
<td class="status {{ server.status }}">{{ server.status }}</td>
{%- for word in words %}<td class="n">{{ tally(server)[word] or "" }}</td>{% endfor %}
<td>{{ "needed" if server.restart else "" }}</td><td>{{ parts(server) }}</td></tr>
{% endfor %}</table></div>
<p><small>{{ only_declared }}</small></p>
{% for server in report.servers %}{% if server.status != "clean" or server.health %}
<section id="s{{ loop.index }}">
<h2>{{ server.name | shown }}: <span class="{{ server.status }}">{{ server.status }}</span></h2>
{% for message in server.messages %}<p class="message">{{ message | shown }}</p>
{% endfor %}
{%- if steps(server, report.mode) %}<h3>What to do</h3>
<ul>{% for word, step in steps(server, report.mode) %}<li><b>{{ word }}</b>: {{ step }}</li>{% endfor %}</ul>
{% endif %}
{%- for part in server.parts %}<h3>{{ part.part | replace("_", " ") }}</h3>
{% if affected[part.part] and part.changes %}<small>Affected: {{ affected[part.part] }}.</small>
{% endif %}<table>
{% for row in rows(part, report.mode) %}<tr><td>{{ row.title }}</td><td class="status {{ row.word }}">{{ row.word }}</td><td>
{%- if row.message %}{{ row.message }}{% endif %}
{%- for key, before, after in row.details %}<div>{{ key }}{% if before or after %}:
{{- " " ~ change(report.mode, before, after) }}{% endif %}</div>{% endfor -%}
</td></tr>
{% endfor %}</table>
{% endfor %}
{%- if server.access is defined %}<h3>Who reaches what</h3>
<small>{{ access_notes[report.mode] }}</small>
<table><tr><th>who</th><th>{{ verbs[report.mode][0] }}</th><th>{{ verbs[report.mode][1] }}</th></tr>
{% for one in server.access.changes %}<tr><td>{{ who(one) }}</td>
<td>{{ reach(one, "gain") }}</td><td>{{ reach(one, "lose") }}</td></tr>
{% endfor %}</table>
{% for note in notes(server.access) %}<p>{{ note }}</p>
{% endfor %}
{%- endif %}
{%- if server.restart %}<p>A restart may be needed by {{ server.restart | map("shown") | join(", ") }}
{%- if server.vpn_clients is defined %}; {{ server.vpn_clients }} clients are connected now{% endif %}.</p>
{% endif %}
{%- if server.health %}<h3>Soon</h3>
<ul>{% for one in server.health %}<li>{{ one | shown }}</li>{% endfor %}</ul>
{% endif %}</section>
{% endif %}{% endfor %}
</body>
</html>
"""

# A mark of its own, so that GitLab and GitHub do not see the name of an account, and send its owner a message.
_MENTION = re.compile(r"(?<!\w)@"), "<span>@</span>"
# Mails and terminals show the source. So only what could be a mark is escaped: no underscore inside a word, and no bracket of
# JSON that has no target behind it. GitLab has marks of its own: [word:1], [[page]], [+ text +] and {- text -}.
_SPECIAL = re.compile(
    r"[\\`*#!|~]|^[-+\[]|\[(?![\"\d\]{])|\](?=[(\[:])|\{(?=[+-])|(?<![^\W_])_|_(?![^\W_])|(?<=\d)[.)](?=\s|$)"
)


def _plain(text: t.Any) -> str:
    """A text in which nothing is a mark of Markdown or HTML."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    mention, apart = _MENTION
    return mention.sub(apart, _SPECIAL.sub(r"\\\g<0>", escaped))


def markdown(report: Json) -> str:
    """The report for a merge request."""
    return _rendered(MARKDOWN, report, escape=False)


def page(report: Json) -> str:
    """The report as a page."""
    return _rendered(PAGE, report, escape=True)


def _rendered(template: str, report: Json, *, escape: bool) -> str:
    environment = jinja2.Environment(autoescape=escape, undefined=jinja2.StrictUndefined)  # noqa: S701 - Markdown is no HTML
    environment.filters.update(md=_plain, shown=lambda text: shown(str(text)))
    mode = report["mode"]
    words = [*WORDS[mode].values()]
    if any(_tally(server, mode).get("failed") for server in report["servers"]):
        words.append("failed")
    tallies = {id(server): {"failed": 0, **_tally(server, mode)} for server in report["servers"]}
    return environment.from_string(template).render(
        report=report,
        title=TITLES[mode, report["status"]],
        words=words,
        tally=lambda server: tallies[id(server)],
        parts=lambda server: ", ".join(name.replace("_", " ") for name in server["compared"]) or "none",
        steps=_steps,
        change=_change,
        rows=rows,
        who=who,
        reach=reach,
        notes=_notes,
        verbs=VERBS,
        access_notes=ACCESS_NOTES,
        only_declared=ONLY_DECLARED,
        affected={part["part"]: AFFECTED.get(part["part"], "") for one in report["servers"] for part in one["parts"]},
    )

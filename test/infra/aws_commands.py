"""Reads lines of JSON, each a text that begins with an `aws` command, and says of each what the CLI would refuse.

By AWS's own models, as the CLI has them: service, operation, options, and the language of --query.
"""

import json
import shlex
import sys

import botocore.session
import jmespath
from botocore import xform_name

# The CLI's own, beside those that its models declare.
GLOBAL = {"--query", "--output", "--region", "--profile", "--max-items", "--page-size", "--no-paginate"}
CUSTOM = {("logs", "tail"): {"--since", "--filter-pattern", "--format", "--follow"}}
WAITS = "wait"

session = botocore.session.get_session()
services = set(session.get_available_services())


def kebab(name):
    return xform_name(name).replace("_", "-")


def words(text):
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&()")
    lexer.whitespace_split = True
    found = []
    for word in lexer:
        if set(word) <= set("|;&()"):
            break
        found.append(word)
    return found


def refused(text):
    try:
        found = words(text)
    except ValueError as error:
        return str(error)
    _, service, operation, *rest = found + ["", ""]
    options = [word.split("=")[0] for word in rest if word.startswith("--")]
    if (service, operation) in CUSTOM:
        known = CUSTOM[(service, operation)]
    else:
        if service not in services:
            return f"no service {service}"
        model = session.get_service_model(service)
        by_name = {kebab(name): name for name in model.operation_names}
        if operation not in by_name:
            return f"no operation {service} {operation}"
        shape = model.operation_model(by_name[operation]).input_shape
        known = {f"--{kebab(name)}" for name in (shape.members if shape else {})}
        required = {f"--{kebab(name)}" for name in (shape.required_members if shape else [])}
        if rest and options and not required <= set(options) | {"--tasks"}:
            return f"{service} {operation} wants {', '.join(sorted(required - set(options)))}"
    known = known | GLOBAL | {f"--no-{name[2:]}" for name in known}
    for option in options:
        if option not in known:
            return f"{service} {operation} has no {option}"
    for at, word in enumerate(rest):
        if word == "--query":
            try:
                jmespath.compile(rest[at + 1])
            except Exception as error:  # noqa: BLE001 - whatever it is, the CLI would say it too
                return f"--query: {str(error).splitlines()[0]}"
    return None


for line in sys.stdin:
    print(json.dumps(refused(json.loads(line))), flush=True)

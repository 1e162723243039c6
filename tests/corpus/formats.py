"""File formats: how names and values are written in each. A pair is a name and its value."""

# ruff: noqa: E501 - tables read better with a row on a line
from __future__ import annotations

import base64
import json
from collections.abc import Callable

Pairs = list[tuple[str, str]]
Write = Callable[[Pairs], str]


def _each(form: str, head: str = "", tail: str = "") -> Write:
    """Lines of `{n}` (name) and `{v}` (value with its line breaks escaped)."""

    def write(pairs: Pairs) -> str:
        lines = (
            form.replace("{n}", n).replace("{c}", camel(n)).replace("{v}", v.replace("\n", "\\n"))
            for n, v in pairs
        )
        return head + "".join(f"{line}\n" for line in lines) + tail

    return write


def camel(name: str) -> str:
    """API_KEY as a Java or Go programmer writes it."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def _json(pairs: Pairs) -> str:
    return json.dumps({"version": 3, "credentials": {n.lower(): v for n, v in pairs}}, indent=2)


def _minified(pairs: Pairs) -> str:
    noise = ",".join(f"function(e,t){{return e[{n}]&&t.apply(this,[{n},e])}}" for n in range(200))
    inner = ",".join(f"{camel(n)}:{json.dumps(v)}" for n, v in pairs)
    return f"!function(){{var n=[{noise}],o={{{inner}}};window.app=o}}();"


def _notebook(pairs: Pairs) -> str:
    source = [f"{n} = {v!r}\n" for n, v in pairs]
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _kubernetes(pairs: Pairs) -> str:
    data = "".join(f"  {n}: {base64.b64encode(v.encode()).decode()}\n" for n, v in pairs)
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: bot\ntype: Opaque\ndata:\n{data}"


def _har(pairs: Pairs) -> str:
    body = json.dumps({camel(n): v for n, v in pairs})
    entry = {
        "request": {"method": "GET", "url": "https://console.prod.internal/settings", "headers": []},
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": body}},
    }
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": [entry]}}, indent=1
    )


def _log(pairs: Pairs) -> str:
    body = json.dumps({n.lower(): v for n, v in pairs})
    return (
        f"2026-03-02T08:11:40.120Z INFO boot pid=812\n2026-03-02T08:11:40.182Z DEBUG config loaded {body}\n"
    )


def _yaml(pairs: Pairs) -> str:
    lines = (
        f'  {n.lower()}: "{v}"' if "\n" not in v else f"  {n.lower()}: |\n    " + v.replace("\n", "\n    ")
        for n, v in pairs
    )
    return "environment: production\nsettings:\n" + "\n".join(lines) + "\n"


def _csv(pairs: Pairs) -> str:
    names = ",".join(n.lower() for n, _ in pairs)
    values = ",".join('"' + v + '"' if "\n" in v else v for _, v in pairs)
    return f"{names},note\n{values},rotated in March\n"


FORMATS: dict[str, tuple[str, Write]] = {
    "env": (".env", _each("{n}={v}", "# production\n")),
    "env-quoted": ("deploy/.env.production", _each('export {n}="{v}"')),
    "py": ("src/settings.py", _each('{n} = "{v}"', "import os\n\nDEBUG = False\n")),
    "py-getenv": ("src/config.py", _each('{c} = os.getenv("{n}", "{v}")', "import os\n\n")),
    "js": ("src/config.js", _each('  {c}: "{v}",', "module.exports = {\n  port: 8080,\n", "};\n")),
    "min.js": ("dist/app.min.js", _minified),
    "ts": ("src/env.ts", _each('export const {n}: string = "{v}";')),
    "go": ("cmd/bot/main.go", _each('\t{c} := "{v}"', "package main\n\nfunc main() {\n", "}\n")),
    "rust": ("src/main.rs", _each('const {n}: &str = "{v}";')),
    "java": ("src/main/java/Config.java", _each('    private static final String {n} = "{v}";', "class Config {\n", "}\n")),
    "kt": ("app/Config.kt", _each('    const val {n} = "{v}"', "object Config {\n", "}\n")),
    "cs": ("Bot/Settings.cs", _each('    public const string {n} = "{v}";', "static class Settings {\n", "}\n")),
    "cpp": ("src/gateway.cpp", _each('static const std::string {n} = "{v}";', "#include <string>\n")),
    "rb": ("config/bot.rb", _each("ENV['{n}'] ||= '{v}'")),
    "php": ("config.php", _each("define('{n}', '{v}');", "<?php\n")),
    "sh": ("run.sh", _each("export {n}='{v}'", "#!/bin/sh\nset -eu\n", 'exec python bot.py "$@"\n')),
    "ps1": ("run.ps1", _each('$env:{n} = "{v}"')),
    "json": ("config.json", _json),
    "yaml": ("conf/app.yaml", _yaml),
    "toml": ("settings.toml", _each('{n} = "{v}"', '[app]\nname = "bot"\n\n[secrets]\n')),
    "ini": ("bot.ini", _each("{n} = {v}", "[credentials]\n")),
    "properties": ("application.properties", _each("app.{c}={v}", "server.port=8080\n")),
    "xml": ("App.config", _each('    <add key="{n}" value="{v}" />', "<configuration>\n  <appSettings>\n", "  </appSettings>\n</configuration>\n")),
    "csv": ("export/keys.csv", _csv),
    "md": ("docs/setup.md", _each("{n}={v}", "# Setup\n\nPut this into your shell:\n\n```\n", "```\n")),
    "ipynb": ("research.ipynb", _notebook),
    "dockerfile": ("Dockerfile", _each("ENV {n}={v}", "FROM python:3.12\n")),
    "compose": ("docker-compose.yml", _each("      - {n}={v}", "services:\n  bot:\n    image: desk/bot\n    environment:\n")),
    "k8s": ("k8s/secret.yaml", _kubernetes),
    "har": ("trace.har", _har),
    "log": ("logs/bot.log", _log),
    "sql": ("seed.sql", _each("INSERT INTO settings (name, value) VALUES ('{n}', '{v}');")),
    "tf": ("prod.tfvars", _each('{n} = "{v}"')),
    "zsh": (".zsh_history", _each(": 1772438000:0;export {n}={v}")),
    "ci": (".github/workflows/run.yml", _each("          {n}: {v}", "jobs:\n  run:\n    steps:\n      - env:\n")),
    "vscode": (".vscode/launch.json", _each('        "{n}": "{v}",', '{\n  "configurations": [{\n      "env": {\n', '        "LOG": "1"\n}}]}\n')),
}  # fmt: skip
"""Format -> the file's usual name and its writer."""

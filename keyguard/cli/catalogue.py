"""All commands by name, and those that are promised but not built yet."""

from __future__ import annotations

COMMANDS = {
    "demo": "the main job on simulated venues",
    "init": "create home, store, database and log",
    "doctor": "check keyring, store, database, log, permissions",
    "key add": "take a key into the store",
    "key import": "take keys from files and findings into the store",
    "key list": "all keys",
    "key show": "one key: versions, scopes, leases",
    "key inspect": "ask the venue about a key and show drift",
    "key rotate": "give a key a new version and prove the old one dead",
    "key revoke": "end a key at the venue and prove it dead",
    "run": "run a command with keys in its environment",
    "scan": "find leaked keys in files, the index, the history",
    "hook install": "scan before every commit and push of a repository",
    "hook uninstall": "take the hooks away and restore what was there",
    "watch": "find leaked keys as files are saved",
    "rules list": "the scanner's rules",
    "rules show": "one rule with its examples",
    "rules test": "run every rule's examples",
    "log show": "the audit log",
    "log verify": "recompute the audit log and compare",
    "log export": "the audit log as lines, for a SIEM",
    "alert add": "a channel for alerts: chat, mail, pager, desktop",
    "alert list": "the channels",
    "alert remove": "take a channel away",
    "alert test": "send a test message",
    "daemon start": "start the daemon of this home",
    "daemon stop": "end it; what is under way is finished first",
    "daemon status": "version, store, next jobs, hand-outs that run",
    "daemon run": "be the daemon, for service managers",
    "store status": "which secret store, and what it holds",
    "store unlock": "let the daemon release keys",
    "store lock": "release no key until the store is unlocked; leases run on",
    "workflow list": "journalled work",
    "workflow show": "one workflow and its calls",
    "workflow resume": "go on with a workflow that was interrupted",
    "workflow cancel": "give up a rotation before its switch; the old key stays",
    "completion": "completion for bash, zsh or fish",
}
"""Command -> what it does; the module is `keyguard.cli.commands.<name with underscores>`."""

LATER = frozenset(
    {
        *("approve", "attest", "desk", "grant", "panic", "party", "person", "reconcile"),
        *("review", "tui", "verify"),
        *("key minimise", "key remove", "key reveal", "log checkpoint"),
        *("store migrate", "store passphrase"),
    }
)
"""Promised in the product's description, not built yet: answered with exit status 2, never listed."""


def resolve(words: list[str]) -> tuple[str, list[str]]:
    """Split into the command's name and the rest; "" when the words name no command (yet)."""
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS or name in LATER:
            return name, words[length:]
    return "", words

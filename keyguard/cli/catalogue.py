"""All commands by name, and those that are promised but not built yet."""

from __future__ import annotations

COMMANDS = {
    "demo": "the main job on simulated venues",
    "simulate": "stand-ins for venues on this machine, to rehearse with",
    "init": "create home, store, database and log",
    "doctor": "check keyring, store, database, log, permissions",
    "key add": "take a key into the store",
    "key import": "take keys from files and findings into the store",
    "key sign-in": "sign in to a venue as an app, and keep the tokens",
    "key refresh": "the next access token of a sign-in",
    "key sign-out": "end a sign-in at its venue and see its token refused",
    "key list": "all keys",
    "key show": "one key: versions, scopes, leases",
    "key inspect": "ask the venue about a key and show drift",
    "key rotate": "give a key a new version and prove the old one dead",
    "key revoke": "end a key at the venue and prove it dead",
    "key reveal": "show a key's secret on this terminal, on record",
    "key remove": "forget a key that is dead at its venue",
    "run": "run a command with keys in its environment",
    "desk add": "declare a desk",
    "desk list": "all desks",
    "desk show": "one desk, its keys and grants",
    "desk end": "end a desk and the grants for its keys",
    "person add": "declare a person: capacity, OS users, roles",
    "person list": "all persons",
    "person show": "one person and what they may use",
    "person change": "OS users, roles, party and end of a person",
    "person end": "end a person's time, grants first",
    "person offboard": "end what a person may do; say what to rotate",
    "party add": "declare another company whose people work here",
    "party list": "all parties and their contracts",
    "party show": "one party",
    "party renew": "a new contract or due diligence of a party",
    "party end": "end a party and the time of its people",
    "grant add": "let a person use a key, or the keys of a desk",
    "grant list": "who may use what",
    "grant show": "one grant with its approval",
    "grant end": "end a grant at once",
    "approve": "what waits for a second person, and the answer",
    "attention": "what needs a person now, worst first, with the command that mends it",
    "finding list": "what was found and how it stands",
    "finding show": "one finding with its life",
    "finding accept": "live with a finding until a day, for a reason",
    "finding close": "end a finding that was seen to",
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
    "log checkpoint": "seal the log and print its head, to deposit with somebody else",
    "log cosign": "take in what a witness signed over a checkpoint",
    "log timestamp": "take in an RFC 3161 time-stamp over a checkpoint",
    "log resume": "let a restored log sign again",
    "log renew": "begin a new log where the old one may sign no more",
    "log prune": "forget records whose retention is over, keeping every proof",
    "signer add": "let a key sign for the firm: attesters, witnesses",
    "signer list": "whose keys sign for the firm",
    "signer remove": "let a key sign no more",
    "alert add": "a channel for alerts: chat, mail, pager, desktop",
    "alert list": "the channels",
    "alert remove": "take a channel away",
    "alert ack": "somebody knows: do not say it again",
    "alert test": "send a test message",
    "use-rules list": "the desk's rules on use",
    "use-rules test": "what the rules on use would have done, by the log",
    "daemon start": "start the daemon of this home",
    "daemon stop": "end it; what is under way is finished first",
    "daemon status": "version, store, next jobs, hand-outs that run",
    "daemon run": "be the daemon, for service managers",
    "store status": "which secret store, what it holds, what opens it",
    "store unlock": "let the daemon release keys",
    "store lock": "release no key until the store is unlocked; leases run on",
    "store migrate": "move all secrets to another store",
    "store passphrase": "change the passphrase of the file store",
    "store recovery make": "a recovery share for paper, in case the passphrase is lost",
    "store recovery restore": "open the file store with a share and give it a new passphrase",
    "store recovery revoke": "take a recovery share back",
    "backup create": "secrets, inventory, journal and log in one encrypted file",
    "backup restore": "a home from a backup, verified before it is used",
    "workflow list": "journalled work",
    "workflow show": "one workflow and its calls",
    "workflow resume": "go on with a workflow that was interrupted",
    "workflow cancel": "give up a rotation before its switch; the old key stays",
    "verify": "check an attestation, offline",
    "reconcile": "an exchange's own list of keys against an attestation",
    "completion": "completion for bash, zsh or fish",
}
"""Command -> what it does; the module is `keyguard.cli.commands.<name with underscores>`."""

USAGE_STATUS = {"verify": 4, "reconcile": 4}
"""Wrong use of a command whose exit table is its own (KGA/1 §14.1): there 2 says that evidence failed."""

LATER = frozenset(
    {
        *("attest", "panic", "review", "tui"),
        "key minimise",
    }
)
"""Promised in the product's description, not built yet: answered with exit status 2, never listed."""


def resolve(words: list[str]) -> tuple[str, list[str]]:
    """Split into the command's name and the rest; "" when the words name no command (yet)."""
    for length in (3, 2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS or name in LATER:
            return name, words[length:]
    return "", words

"""Journal in memory; each call is a commit. As strict as a table with keys and a JSON column.

It passes the contract of the real one (tests/stores/contract_journal.py).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace

from keyguard.core.errors import UsageError


class FakeJournal:
    def __init__(self) -> None:
        self._workflows = {}
        self._calls = {}
        self._driven = set()
        self._pauses = {}

    @contextmanager
    def alone(self, key_id):
        if key_id in self._driven:
            raise UsageError("another process is working on this key", code="workflow.busy")
        self._driven.add(key_id)
        try:
            yield
        finally:
            self._driven.discard(key_id)

    def open(self, workflow):
        if any(w.key_id == workflow.key_id and not w.finished for w in self._workflows.values()):
            raise UsageError("this key has an unfinished workflow", code="workflow.open")
        assert workflow.id not in self._workflows
        self._workflows[workflow.id] = self._through_json(workflow)

    def advance(self, workflow):
        assert workflow.id in self._workflows
        self._workflows[workflow.id] = self._through_json(workflow)

    def workflow(self, workflow_id):
        if workflow_id in self._workflows:
            return self._through_json(self._workflows[workflow_id])
        found = [w for i, w in self._workflows.items() if workflow_id and i.startswith(workflow_id)]
        if len(found) != 1:
            code = "workflow.ambiguous" if found else "workflow.unknown"
            raise UsageError(f"no workflow {workflow_id}", code=code)
        return self._through_json(found[0])

    def workflows(self, *, unfinished=False):
        oldest_first = sorted(self._workflows.values(), key=lambda w: (w.opened_at, w.id))
        return tuple(w for w in oldest_first if not (unfinished and w.finished))

    def intend(self, call):
        place = (call.workflow_id, call.operation, call.seq)
        assert place not in self._calls, "a call is intended once"
        assert call.reply is None
        self._calls[place] = call

    def answered(self, call):
        place = (call.workflow_id, call.operation, call.seq)
        assert self._calls[place].reply is None, "a call is answered once"
        assert call.reply is not None
        self._calls[place] = call

    def calls(self, workflow_id, operation):
        return tuple(
            call for (w, o, _), call in sorted(self._calls.items()) if (w, o) == (workflow_id, operation)
        )

    def forget_calls(self, workflow_id, operation):
        self._calls = {p: c for p, c in self._calls.items() if p[:2] != (workflow_id, operation)}

    def pause(self, workflow_id, pause):
        self._pauses.setdefault(workflow_id, pause)

    def unpause(self, workflow_id):
        self._pauses.pop(workflow_id, None)

    def pauses(self):
        return dict(self._pauses)

    def all_calls(self):
        """For tests: what is left in the journal."""
        return tuple(self._calls.values())

    @staticmethod
    def _through_json(workflow):
        return replace(workflow, data=json.loads(json.dumps(workflow.data)))

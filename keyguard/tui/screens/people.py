"""People: the matrix of persons and keys with the dates of grants; ending a person's time as one flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.core.people import GrantState, is_external
from keyguard.tui import facts, offboarding
from keyguard.tui.cells import plain
from keyguard.tui.matrix import Matrix, cell, matrix
from keyguard.tui.widgets.form import Field
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.people import Grant, Person
    from keyguard.tui.picture import KeyView, Picture
    from keyguard.workflows.offboard import Plan, Touched

_KEY, _PERSON = 22, 11
"""Cells of a key's name, and of a person's column."""
_GAP = 2
EXTERNAL = "◆"
_MOST_KEYS = 30


class PeopleScreen(WorkPage):
    """A row for each key, a column for each person; left and right choose the person. Those of other
    companies come first and are marked."""

    NAME = "people"
    DEFAULT_CSS = """
    PeopleScreen #person { height: auto; padding: 0 1; background: $surface; }
    PeopleScreen Rows { height: 1fr; min-height: 4; }
    PeopleScreen #cell { height: auto; max-height: 6; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("left,h", "turn(-1)", "people.before", show=False),
        Binding("right,l", "turn(1)", "people.next", key_display="←→"),
        Binding("o", "offboard", "people.offboard"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._matrix = Matrix((), {})
        self._person = ""
        self._first = 0
        self._aim = ""
        self._shown_plan: object = None

    def body(self) -> ComposeResult:
        """The chosen person, the matrix, the chosen grant, what is being done."""
        yield Told(id="person")
        yield Rows(id="matrix")
        yield Told(id="cell")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Show who may use what now."""
        self._matrix = matrix(picture)
        if self._aim:
            target, self._aim = self._aim, ""
            self.aim(target)
        self._draw()

    def on_resize(self) -> None:
        """More width, more persons."""
        if self.keyguard.look_now.picture is not None:
            self._draw()

    def aim(self, target: str) -> None:
        """Go to this person, to the first of this party, or to the person of this grant."""
        picture = self.keyguard.look_now.picture
        if picture is None:
            self._aim = target
            return
        person = next((grant.person for grant in picture.grants if grant.id == target), target)
        found = [one.id for one in self._matrix.persons if person in (one.id, one.party)]
        if found:
            self._person = found[0]
            self._draw()

    def on_rows_moved(self) -> None:
        """Say more of the grant that is chosen."""
        self._tell()

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """To the page of the key."""
        await self.keyguard.go("keys", event.id)

    def action_turn(self, by: int) -> None:
        """The next person, or the one before."""
        persons = self._matrix.persons
        if persons:
            at = min(max(self._at() + by, 0), len(persons) - 1)
            self._person = persons[at].id
            self._draw()

    def action_offboard(self) -> None:
        """Say what ending the person's time means; then ask whether to."""
        person = self._chosen()
        if person is None:
            return
        title = self.say("people.preview_title", name=person.id)
        self.do("preview", title, person.id, offboarding.preview(person.id))

    def on_job_panel_changed(self) -> None:
        """When the preview is there, show it and ask."""
        super().on_job_panel_changed()
        job = self._begun
        view = None if job is None else job.view
        done = view is not None and view.kind == "preview" and view.stage is Stage.DONE
        if view is not None and done and self._shown_plan is not job and self.app.screen is self:
            self._shown_plan = job
            self._ask(view.result)

    def _ask(self, plan: Plan) -> None:
        say, id_ = self.say, plan.person.id
        choices = tuple((name, say(f"people.choice_{name}")) for name in ("end", "rotate"))
        fields = (
            Field("how", say("people.how"), "end", choices),
            Field("sure", say("people.sure", id=id_)),
        )

        def then(given: Mapping[str, str]) -> None:
            if given["sure"] != id_:
                self.notify(say("people.not_sure"), markup=False)
                return
            rotating = given["how"] == "rotate"
            title = say("people.offboard_title", name=id_)
            self.do("offboard", title, id_, offboarding.off_board(id_, rotating=rotating))

        self.ask(say("people.offboard_title", name=id_), self._radius(plan), fields, then)

    def _radius(self, plan: Plan) -> list[Content]:
        """What it means, the worst key first."""
        say = self.say
        rotate = sum(one.must_rotate for one in plan.keys)
        running = sum(len(one.running) for one in plan.keys)
        told = say(
            "people.radius",
            grants=len(plan.grants),
            keys=len(plan.keys),
            rotate=rotate,
            running=running,
        )
        lines = [plain(told, "bold")]
        lines += [self._touched(one) for one in plan.keys[:_MOST_KEYS]]
        if len(plan.keys) > _MOST_KEYS:
            lines.append(plain(say("people.more", n=len(plan.keys) - _MOST_KEYS)))
        if plan.owned:
            lines.append(plain(say("people.owned", names=", ".join(key.name for key in plan.owned))))
        return lines

    def _touched(self, one: Touched) -> Content:
        say = self.say
        can = say("people.unknown") if one.scopes is None else " ".join(facts.scope_words(say, one.scopes))
        parts = [one.key.name, can]
        if one.any_address:
            parts.append(say("facts.any_address"))
        parts.append(say("people.handed", n=one.handouts) if one.must_rotate else say("people.never_handed"))
        if one.running:
            parts.append(say("people.running", n=len(one.running)))
        sign = "!!" if one.must_rotate else " ·"
        return plain(f"{sign} " + " · ".join(parts), "bold" if one.must_rotate else "")

    def _draw(self) -> None:
        picture, say = self.keyguard.look_now.picture, self.say
        if picture is None:
            return
        persons = self._matrix.persons
        if persons and self._chosen() is None:
            self._person = persons[0].id
        room = max((self.size.width - 1 - _KEY) // (_PERSON + _GAP), 1)
        at = self._at()
        self._first = min(max(self._first, at - room + 1), at)
        seen = persons[self._first : self._first + room]
        rows = self.query_one(Rows)
        columns = [Column(say("people.key"), _KEY, grow=1)]
        columns += [Column(self._head(person), _PERSON) for person in seen]
        rows.set_columns(columns)
        rows.fill([Line(view.key.id, self._cells(view, seen, picture)) for view in picture.keys])
        self._tell()

    def _head(self, person: Person) -> str:
        mark = EXTERNAL if is_external(person) else ""
        return f"▸{mark}{person.id}" if person.id == self._person else f"{mark}{person.id}"

    def _cells(self, view: KeyView, seen: Sequence[Person], picture: Picture) -> Callable[[], Sequence[Cell]]:
        def cells() -> Sequence[Cell]:
            found = [Cell(view.key.name, "strong")]
            for person in seen:
                text = cell(self._matrix.grants.get((view.key.id, person.id), ()), picture.at)
                signs = {"·": "dim", "?": "medium", ">": "low", "!": "medium"}
                look = signs.get(text[0], "key" if person.id == self._person else "")
                found.append(Cell(text, look))
            return found

        return cells

    def _tell(self) -> None:
        picture, say, person = self.keyguard.look_now.picture, self.say, self._chosen()
        if picture is None:
            return
        if person is None:
            self.query_one("#person", Told).update(plain(say("people.nobody")))
            self.query_one("#cell", Told).update(plain(""))
            return
        parts = [person.name or person.id, say(f"people.capacity_{person.capacity.value}")]
        if is_external(person):
            party = next((one for one in picture.parties if one.id == person.party), None)
            parts.append(f"{EXTERNAL} {(party.name or party.id) if party is not None else person.party}")
            if party is not None:
                parts.append(say("people.contract", until=f"{party.latest.until:%Y-%m-%d}"))
        if person.span.until is not None:
            parts.append(say("people.leaves", until=f"{person.span.until:%Y-%m-%d}"))
        parts.append(say("people.keys", n=self._matrix.held(person.id)))
        self.query_one("#person", Told).update(plain(" · ".join(parts), "bold"))
        grants = self._matrix.grants.get((self.query_one(Rows).chosen, person.id), ())
        lines = [plain(self._grant(grant)) for grant in grants] or [plain(say("people.no_grant"), "dim")]
        lines.append(plain(say("people.legend"), "dim"))
        self.query_one("#cell", Told).update(Content("\n").join(lines))

    def _grant(self, grant: Grant) -> str:
        say, until = self.say, grant.span.until
        end = f"{until:%Y-%m-%d}" if until is not None else say("people.endless")
        parts = [
            grant.id,
            say("people.of_desk", desk=grant.desk) if grant.desk else say("people.of_key"),
            f"{grant.span.since:%Y-%m-%d} → {end}",
            " ".join(facts.scope_words(say, grant.scopes)),
        ]
        if grant.given_by:
            parts.append(say("people.given_by", who=grant.given_by))
        if grant.state is GrantState.ASKED:
            parts.append(say("people.waits"))
        return " · ".join(parts)

    def _chosen(self) -> Person | None:
        return next((person for person in self._matrix.persons if person.id == self._person), None)

    def _at(self) -> int:
        ids = [person.id for person in self._matrix.persons]
        return ids.index(self._person) if self._person in ids else 0

"""Reading submitted forms: trimmed values, and a message for each mistake."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class Form:
    """
    The fields of one form; a template shows it again with its mistakes.

    Args:
        values: What was submitted, or what the empty form begins with.

    Attributes:
        values: The same, trimmed.
        errors: One message per invalid field.
    """

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self.values = {name: str(value).strip() for name, value in (values or {}).items()}
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, longest: int = 100, required: bool = True) -> str:
        """Read a text with a maximum length."""
        value = self.values.get(name, "")
        if required and not value:
            self.errors[name] = "Please fill this in."
        elif len(value) > longest:
            self.errors[name] = f"Please use at most {longest} characters."
        return value

    def choice(self, name: str, choices: Collection[str]) -> str:
        """Read one of several choices."""
        value = self.values.get(name, "")
        if value not in choices:
            self.errors[name] = "Please choose one from the list."
        return value

    def number(self, name: str, lowest: int, highest: int) -> int:
        """Read an integer between two bounds, both included."""
        try:
            value = int(self.values.get(name, "")[:20])
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            self.errors[name] = f"Please enter a whole number from {lowest} to {highest}."
        return value

"""A repository with some methods replaced by a test's own; the repository itself does not change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

Method = Callable[..., Any]


@dataclass(frozen=True)
class _Overriding:
    inner: object
    methods: Mapping[str, Method]

    def __getattr__(self, name: str) -> Any:
        return self.methods[name] if name in self.methods else getattr(self.inner, name)


def overriding[Repository](repository: Repository, /, **methods: Method) -> Repository:
    """Return ``repository`` with these methods in place of its own."""
    assert all(hasattr(repository, name) for name in methods)
    return cast("Repository", _Overriding(repository, methods))


def failing(text: str) -> Method:
    """Return a method that raises RuntimeError with this text, whatever its arguments."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(text)

    return fail

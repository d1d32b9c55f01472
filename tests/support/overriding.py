"""A store with a method of the test's: the others are its own, and the store itself stays as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

Store = TypeVar("Store")
Method = Callable[..., Any]


@dataclass(frozen=True)
class _Overriding:
    inner: object
    methods: Mapping[str, Method]

    def __getattr__(self, name: str) -> Any:
        return self.methods[name] if name in self.methods else getattr(self.inner, name)


def overriding(store: Store, /, **methods: Method) -> Store:
    """``store`` with these in the place of methods that it has."""
    assert all(hasattr(store, name) for name in methods)
    return cast("Store", _Overriding(store, methods))


def failing(text: str) -> Method:
    """A method that fails with this text, whatever it is asked."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(text)

    return fail

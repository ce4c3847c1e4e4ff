"""
Parts of an application whose security headers have options of their own.

The application's own options come first; over them those of a path prefix, a longer one over a
shorter; then those of the view's blueprint, an inner one over an outer; then those of the view
itself. Nothing is written to a view function: the decorator wraps it, and its options are the same
for each application, which lays them over its own.

Source: PEP 3333 for the path, which is SCRIPT_NAME and PATH_INFO together.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigurationError
from .options import Layer, check_layer

if TYPE_CHECKING:
    import flask
    from _typeshed.wsgi import WSGIEnvironment

View = TypeVar("View", bound=Callable[..., Any])
#: Views that were given options: the function below the decorator, and the options.
Decorated = tuple[Callable[..., Any], Layer]

#: Where a decorated view keeps its options; ``functools.wraps`` hands it on to decorators above.
OPTIONS = "strict_cookies_options"


class Parts:
    """
    The parts of an application that have options of their own.

    Args:
        app: With all its views.
        parts: Options by path prefix or blueprint.
        decorated: Views that were given options, in this application or another.

    Attributes:
        views: Options by endpoint.

    Raises:
        ConfigurationError: A part does not exist, or a decorator stands where it does nothing.
    """

    def __init__(
        self,
        app: flask.Flask,
        parts: Mapping[str, Mapping[str, Any]],
        decorated: Sequence[Decorated],
    ) -> None:
        self._url_map = app.url_map
        self._blueprints: dict[str, Layer] = {}
        paths: dict[str, Layer] = {}
        for key, options in parts.items():
            where = f"STRICT_COOKIES_HEADERS_SCOPES {key!r}"
            if not isinstance(key, str) or not isinstance(options, Mapping):
                raise ConfigurationError(
                    f"{where} is not a scope with a mapping of options. Write for example "
                    '{"/embed": {...}, "api": {...}}: a path or a blueprint.'
                )
            layer = check_layer(where, options, host_wide=False)
            if key.startswith("/"):
                paths[key.rstrip("/").encode().decode("latin-1")] = layer
            elif key in app.blueprints:
                self._blueprints[key] = layer
            else:
                known = ", ".join(sorted(app.blueprints)) or "none"
                raise ConfigurationError(
                    f"{where} is not a blueprint of this application (it has {known}), nor a path, "
                    "which begins with '/'."
                )
        #: From short to long: the longest that matches is laid last.
        self._paths = sorted(paths.items())
        self.views: dict[str | None, Layer] = {
            endpoint: getattr(view, OPTIONS)
            for endpoint, view in app.view_functions.items()
            if hasattr(view, OPTIONS)
        }
        _refuse_misplaced(app, decorated, list(self.views.values()))
        self._by_endpoint: dict[str | None, tuple[Layer, ...]] = {
            endpoint: self._find_layers(endpoint) for endpoint in (None, *app.view_functions)
        }

    def __iter__(self) -> Iterator[tuple[Layer, ...]]:
        """List each combination that can occur, so that all are checked at the start."""
        found = (
            (*self._find_above(path), *layers)
            for endpoint, layers in self._by_endpoint.items()
            for path in ("", *(path for path, _ in self._paths))
            if not path or self._can_be_below(endpoint, path)
        )
        return iter({tuple(map(id, layers)): layers for layers in found}.values())

    def _can_be_below(self, endpoint: str | None, path: str) -> bool:
        """Return whether a view may answer below a path; without a view, anything may."""
        if endpoint is None:
            return True
        for rule in self._url_map.iter_rules(endpoint):
            fixed, variable, _ = rule.rule.encode().decode("latin-1").partition("<")
            if _is_below(fixed, path) or (variable and path.startswith(fixed)):
                return True
        return False

    def find(self, environ: WSGIEnvironment) -> tuple[Layer, ...]:
        """Find the layers of a response; those of its path come before those of its view."""
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # An application that is mounted inside has a map of its own.
        endpoint = rule.endpoint if rule is not None and rule.map is self._url_map else None
        layers = self._by_endpoint.get(endpoint, ())
        if not self._paths:
            return layers
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        return (*self._find_above(path), *layers)

    def _find_above(self, path: str) -> Iterator[Layer]:
        return (layer for prefix, layer in self._paths if _is_below(path, prefix))

    def _find_layers(self, endpoint: str | None) -> tuple[Layer, ...]:
        names = (endpoint or "").split(".")[:-1]
        blueprints = [".".join(names[: end + 1]) for end in range(len(names))]
        found = [self._blueprints.get(name) for name in blueprints] + [self.views.get(endpoint)]
        return tuple(layer for layer in found if layer is not None)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _refuse_misplaced(app: flask.Flask, decorated: Sequence[Decorated], seen: list[Layer]) -> None:
    registered = {id(view) for view in app.view_functions.values()}
    for view, layer in decorated:
        if id(view) in registered and all(layer is not other for other in seen):
            raise ConfigurationError(
                f"{layer.where} stands above the route, so that it does nothing. Put it below "
                "@app.route(...)."
            )


def give_options(
    decorated: list[Decorated],
    check: Callable[[Layer], None],
    options: Mapping[str, Any],
) -> Callable[[View], View]:
    """
    Return the decorator that sets options of a view.

    Args:
        decorated: What was decorated is noted here, to find decorators that do nothing.
        check: Called when the view is, with its options: raises where they don't hold.
        options: As for :class:`~strict_cookies.headers.talisman.StrictTalisman`.

    Raises:
        ConfigurationError: An option is wrong; the decorator itself raises where it does nothing.
    """
    if not options:
        raise ConfigurationError("@strict.headers() has no options. Give some, or remove it.")
    check_layer("@strict.headers", options, host_wide=False)

    def decorate(view: View) -> View:
        name = getattr(view, "__name__", repr(view))
        where = f"@strict.headers of {name!r}"
        if inspect.isclass(view) or not callable(view):
            raise ConfigurationError(
                f"{where}: this is not a view function. Set the options of a class in `decorators`."
            )
        if hasattr(view, OPTIONS):
            raise ConfigurationError(f"{where}: it has options already. Write one decorator.")
        layer = Layer(where, dict(options))

        if inspect.iscoroutinefunction(view):

            @functools.wraps(view)
            async def with_options(*args: Any, **kwargs: Any) -> Any:
                check(layer)
                return await view(*args, **kwargs)
        else:

            @functools.wraps(view)
            def with_options(*args: Any, **kwargs: Any) -> Any:
                check(layer)
                return view(*args, **kwargs)

        setattr(with_options, OPTIONS, layer)
        decorated.append((view, layer))
        return with_options  # type: ignore[return-value]

    return decorate

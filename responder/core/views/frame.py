"""The pages for the owner: HTML templates beside this module, filled in with everything escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(template: str, **facts: object) -> str:
    """A whole document."""
    environment = Environment(
        loader=PackageLoader("responder.core.views", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(facts)

"""A plugin whose view cannot be imported."""

from cqs_core import hookimpl


@hookimpl
def register_views():
    import a_package_that_is_not_there  # noqa: F401

    return []

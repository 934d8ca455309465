"""Makes the script of the exported page when the package is built or installed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface[Any]):
    """Bundles the page; without a network the install goes on, and the page cannot be exported."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the script before the files are gathered, for an editable install too."""
        root, maker = Path(self.root), self._maker()
        try:
            maker.build(root)
        except maker.BuildError as error:
            if os.environ.get(maker.REQUIRE, "") not in ("", "0"):
                raise RuntimeError(f"{maker.REQUIRE} is set, and the page could not be made: {error}") from error
            # An old script with new sources would be a page that nobody tested.
            (root / maker.BUNDLE).unlink(missing_ok=True)
            self.app.display_warning(
                f"The script of the exported page could not be made: {error}\n"
                "Everything else works; viewer.export(scene, 'x.html') will say what to do."
            )

    def dependencies(self) -> list[str]:
        """What the build needs besides: Node.js, unless the script is there already, as in an sdist."""
        maker = self._maker()
        return [] if maker.is_current(Path(self.root)) else [maker.NODE]

    def _maker(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("build_page", Path(self.root) / "tools" / "build_page.py")
        assert spec is not None
        assert spec.loader is not None
        maker = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(maker)
        return maker

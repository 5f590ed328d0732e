"""Finds violations of the rules of accessibility in a page, with axe."""

from pathlib import Path
from typing import Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
# Names of options and of the palette's button do not repeat descriptions and keys that are shown beside them.
# React Aria's announcements that a button is busy go on naming the button for a while after its dialog has closed.
CONTEXT: Final = "{exclude: [['[data-live-announcer]']]}"
OPTIONS: Final = "{resultTypes: ['violations'], rules: {'label-content-name-mismatch': {enabled: false}}}"


async def find_violations(page: Page) -> list[str]:
    """Returns each violation as the rule and the elements that it is about."""
    await page.evaluate(AXE.read_text())
    violations = await page.evaluate(f"axe.run({CONTEXT}, {OPTIONS}).then((result) => result.violations)")
    return [f"{found['id']}: {[node['target'] for node in found['nodes']]}" for found in violations]

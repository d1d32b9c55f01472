"""Prints a built template with the values of a deployed stack, as JSON.

`sam local invoke` needs it: it cannot resolve references to resources, and it passes a function only the variables that
the template names. Standard input:
{"template": "<path>", "parameters": {"<name>": "<value>", …}, "variables": {"<logical id>": {…}, …}}
"""

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse  # type: ignore[import-not-found]

asked = json.load(sys.stdin)
path = Path(asked["template"])
template = yaml_parse(path.read_text())
for name, value in asked["parameters"].items():
    template["Parameters"][name]["Default"] = value
template.get("Globals", {}).get("Function", {}).pop("Environment", None)
for logical_id, resource in template["Resources"].items():
    properties = resource.get("Properties", {})
    if logical_id in asked["variables"]:
        properties["Environment"] = {"Variables": asked["variables"][logical_id]}
    # Paths are relative to the built template; the printed one may be in any folder.
    for name in {"CodeUri", "ContentUri"} & properties.keys():
        properties[name] = str(path.parent / properties[name])
json.dump(template, sys.stdout)

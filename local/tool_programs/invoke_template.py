"""Prints a built template with a deployed stack's values in it, as JSON.

For `sam local invoke`, which cannot resolve references to resources, and passes no variable to a function that the
template does not name. Standard input:
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
    # Paths are relative to the built template; what is printed may lie anywhere.
    for name in {"CodeUri", "ContentUri"} & properties.keys():
        properties[name] = str(path.parent / properties[name])
json.dump(template, sys.stdout)

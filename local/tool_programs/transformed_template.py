"""Prints the resources of a SAM template as CloudFormation would receive them.

Standard input: {"template": "<YAML>", "parameters": {"Name": "value"}, "region": "…"}
Standard output: {"<logical id>": {"Type": "…", "Properties": {…}}, …}
"""

import json
import os
import sys
from types import SimpleNamespace

from samtranslator.translator.transform import transform  # type: ignore[import-not-found]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found]

asked = json.load(sys.stdin)
os.environ["AWS_DEFAULT_REGION"] = asked["region"]
no_managed_policies = SimpleNamespace(load=dict)
template = transform(yaml_parse(asked["template"]), asked["parameters"], no_managed_policies)
json.dump(template["Resources"], sys.stdout)

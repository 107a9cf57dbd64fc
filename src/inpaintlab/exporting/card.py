"""The card of a model's folder: what it is and how it is used, with the front matter that hubs read."""

import json
import sys
from typing import Any

from inpaintlab.models.base import InpaintingModule

TEMPLATE = """---
library_name: inpaintlab
pipeline_tag: image-to-image
tags:
- inpainting
---

# {name}

{paper}

- {weights:,} numbers in `model.safetensors`, inpaintlab {version}
- trained on pictures of {size} px, {channels}
- data, licence, scores: (yours to tell)

```python
import inpaintlab

model = inpaintlab.load("{name}")  # this folder
filled = inpaintlab.fill(model, image, hole)  # PIL, NumPy or tensor; hole: white, 1 or True where to fill
```

`config.json` holds the arguments it was built with:

```json
{arguments}
```
"""


def write(model: InpaintingModule, config: dict[str, Any], name: str) -> str:
    """Return the card, in Markdown."""
    trained_on, told = config["trained_on"], sys.modules[type(model).__module__].__doc__
    return TEMPLATE.format(
        name=name,
        paper=(told or type(model).__name__).strip().splitlines()[0],
        weights=sum(value.numel() for value in model.state_dict().values()),
        version=config["inpaintlab"],
        size=trained_on.get("size", "an untold number of"),
        channels={1: "grey", 3: "colour"}.get(model.channels or 0, "grey or colour"),
        arguments=json.dumps(config["hyper_parameters"], indent=2),
    )

"""Words about one parameter: for the help line, the tool tip and an empty editor."""

import re

from mtjlab.core.field_text import write_text
from mtjlab.core.parameter_fields import ParameterField


def help_text(field: ParameterField, resolved: str = "") -> str:
    """Description, range and default; `resolved` is what an unsaid value comes to."""
    parts = [field.description.rstrip(".")]
    if field.range_words:
        parts.append(f"Range: {field.range_words}")
    elif field.choices:
        parts.append("One of " + ", ".join(str(choice) for choice in field.choices))
    default = write_text(field, field.default)
    if field.required:
        parts.append("No default")
    elif default:
        parts.append(f"Default: {default}")
    if resolved:
        parts.append(f"Left empty it is {resolved}")
    return unbroken(f"{field.name}: " + ". ".join(part for part in parts if part))


def unbroken(text: str) -> str:
    """The same with a number and its unit kept on one line."""
    return re.sub(r"(?<=\d) (?=[A-Za-z\u00b5%]+\b)", "\u00a0", text)


def unsaid_text(field: ParameterField, resolved: str = "") -> str:
    """What stands, in grey, where nothing was entered."""
    if field.required:
        return "needs a value"
    if field.optional and field.default is None:
        return f"{resolved} \u2013 {field.none_means}" if resolved else field.none_means
    return write_text(field, field.default)

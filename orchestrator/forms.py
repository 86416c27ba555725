"""Settings as JSON Schema that a form can be built from."""

from pydantic.json_schema import GenerateJsonSchema

SPELLED = {"crs": "CRS", "url": "URL", "s": "(s)", "mb": "(MB)", "id": "ID"}


class FormSchema(GenerateJsonSchema):
    """Every setting has a title of words: that of `timeout_s` is `Timeout (s)`."""

    def get_title_from_name(self, name: str) -> str:
        """The name as a person would write it."""
        words = " ".join(SPELLED.get(word, word) for word in name.split("_"))
        return words[:1].upper() + words[1:]

    def field_title_should_be_set(self, schema: object) -> bool:
        """Also one that is an object of its own, or one of several kinds."""
        return True

"""The reader of each field type."""

from dashboard.records.fields import Field, FieldType
from dashboard.records.number_readers import (
    BooleanReader,
    DecimalReader,
    IntegerReader,
    NumberReader,
)
from dashboard.records.reader import Reader
from dashboard.records.text_readers import ChoiceReader, JsonReader, StringReader, UuidReader
from dashboard.records.time_readers import DateReader, DateTimeReader, TimeReader

READERS: dict[FieldType, type[Reader]] = {
    FieldType.INTEGER: IntegerReader,
    FieldType.NUMBER: NumberReader,
    FieldType.DECIMAL: DecimalReader,
    FieldType.BOOLEAN: BooleanReader,
    FieldType.DATE: DateReader,
    FieldType.TIME: TimeReader,
    FieldType.DATETIME: DateTimeReader,
    FieldType.STRING: StringReader,
    FieldType.CHOICE: ChoiceReader,
    FieldType.UUID: UuidReader,
    FieldType.JSON: JsonReader,
}


def reader_for(field: Field) -> Reader:
    if field.choices:
        return ChoiceReader(field)
    return READERS[field.type](field)

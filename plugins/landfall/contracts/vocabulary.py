"""The keys of the Open Data Contract Standard 3.1 that a stream contract may use."""

DOCUMENT_KEYS = frozenset(
    {
        "apiVersion",
        "kind",
        "id",
        "name",
        "version",
        "status",
        "domain",
        "dataProduct",
        "tenant",
        "description",
        "schema",
        "slaProperties",
        "team",
        "servers",
        "support",
        "roles",
        "price",
        "tags",
        "authoritativeDefinitions",
        "customProperties",
        "contractCreatedTs",
    }
)
"""Of the whole document."""

OBJECT_KEYS = frozenset(
    {
        "id",
        "name",
        "physicalName",
        "physicalType",
        "logicalType",
        "description",
        "businessName",
        "dataGranularityDescription",
        "properties",
        "tags",
        "authoritativeDefinitions",
        "customProperties",
    }
)
"""Of the one object of its schema."""

PROPERTY_KEYS = frozenset(
    {
        "id",
        "name",
        "physicalName",
        "physicalType",
        "description",
        "businessName",
        "tags",
        "authoritativeDefinitions",
        "customProperties",
        "primaryKey",
        "primaryKeyPosition",
        "logicalType",
        "logicalTypeOptions",
        "required",
        "partitioned",
        "partitionKeyPosition",
        "classification",
        "criticalDataElement",
        "examples",
        "quality",
    }
)
"""Of a property, which is a field."""

SLA_KEYS = frozenset(
    {
        "id",
        "property",
        "value",
        "valueExt",
        "unit",
        "element",
        "driver",
        "description",
        "schedule",
        "scheduler",
    }
)
"""Of an entry of slaProperties."""

RULE_KEYS = frozenset(
    {
        "id",
        "name",
        "type",
        "metric",
        "arguments",
        "mustBe",
        "unit",
        "description",
        "dimension",
    }
)
"""Of a quality rule."""

"""OpenLineage events of steps: which facets say what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    base_subset_dataset,
    column_lineage_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    external_query_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
    sql_job,
)
from openlineage.client.uuid import generate_static_uuid

from landfall.lineage.naming import Dataset
from landfall.lineage.origins import Origin, QueryColumns
from landfall.lineage.parent import namespace
from landfall.lineage.steps import Field, Parent, Read, Step, Written

PRODUCER = "urn:landfall:lineage"

VIEW = "VIEW"
"""The type of a dataset that is computed when it is read."""


def event_of(step: Step, parent: Parent | None) -> RunEvent:
    """Return the event that `step` was done."""
    run_id = generate_static_uuid(instant=step.at, data=f"{namespace()}.{step.job}.{step.key}".encode())
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=(step.done_at or datetime.now(UTC)).isoformat(),
        producer=PRODUCER,
        run=Run(runId=str(run_id), facets=_run_facets(step, parent)),
        job=Job(namespace=namespace(), name=step.job, facets=_job_facets(step)),
        inputs=[_input(read) for read in step.reads],
        outputs=[_output(written) for written in step.writes],
    )


def _run_facets(step: Step, parent: Parent | None) -> dict[str, RunFacet]:
    facets: dict[str, RunFacet] = {}
    if parent:
        spot = namespace()
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=parent.task_run_id),
            job=parent_run.Job(namespace=spot, name=f"{parent.dag_id}.{parent.task_id}"),
            root=parent_run.Root(
                run=parent_run.RootRun(runId=parent.dag_run_id),
                job=parent_run.RootJob(namespace=spot, name=parent.dag_id),
            ),
        )
    if step.statement_id:
        facets["externalQuery"] = external_query_run.ExternalQueryRunFacet(
            externalQueryId=step.statement_id, source=step.tool
        )
    return facets


def _job_facets(step: Step) -> dict[str, JobFacet]:
    facets: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration=step.tool.upper(), jobType=step.kind
        )
    }
    if step.sql:
        facets["sql"] = sql_job.SQLJobFacet(query=step.sql, dialect=step.sql_dialect)
    return facets


def _input(read: Read) -> InputDataset:
    subset: dict[str, InputDatasetFacet] = {}
    if read.objects:
        subset["subset"] = base_subset_dataset.InputSubsetInputDatasetFacet(
            inputCondition=base_subset_dataset.LocationSubsetCondition(locations=list(read.objects))
        )
    return InputDataset(
        namespace=read.dataset.namespace,
        name=read.dataset.name,
        facets=_dataset_facets(read.fields, read.version),
        inputFacets=subset,
    )


def _output(written: Written) -> OutputDataset:
    facets = _dataset_facets(written.fields, written.version)
    if written.columns and written.resolve:
        facets["columnLineage"] = _column_lineage(written.columns, written.resolve)
    if written.is_view:
        facets["datasetType"] = dataset_type_dataset.DatasetTypeDatasetFacet(datasetType=VIEW)
    statistics: dict[str, OutputDatasetFacet] = {}
    if written.rows is not None:
        statistics["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=written.rows, size=written.bytes
        )
    return OutputDataset(
        namespace=written.dataset.namespace, name=written.dataset.name, facets=facets, outputFacets=statistics
    )


def _dataset_facets(fields: Iterable[Field], version: str | None) -> dict[str, DatasetFacet]:
    facets: dict[str, DatasetFacet] = {}
    told = [
        schema_dataset.SchemaDatasetFacetFields(
            name=each.name, type=each.type or None, description=each.description or None
        )
        for each in fields
    ]
    if told:
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields=told)
    if version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)
    return facets


def _column_lineage(columns: QueryColumns, resolve: Callable[[str], Dataset]) -> DatasetFacet:
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            name: column_lineage_dataset.Fields(inputFields=_input_fields(origins, resolve))
            for name, origins in columns.fields.items()
            if origins
        },
        dataset=_input_fields(columns.rows, resolve),
    )


def _input_fields(
    origins: Iterable[Origin], resolve: Callable[[str], Dataset]
) -> list[column_lineage_dataset.InputField]:
    """Return one entry a column, with all that is done to it."""
    ordered = sorted(origins, key=_column)
    fields = []
    for (table, column), found in groupby(ordered, key=_column):
        dataset = resolve(table)
        fields.append(
            column_lineage_dataset.InputField(
                namespace=dataset.namespace,
                name=dataset.name,
                field=column,
                transformations=[
                    column_lineage_dataset.Transformation(
                        type="DIRECT" if origin.way.how.is_direct else "INDIRECT",
                        subtype=str(origin.way.how),
                        masking=origin.way.masking,
                    )
                    for origin in found
                ],
            )
        )
    return fields


def _column(origin: Origin) -> tuple[str, str]:
    return origin.table, origin.column

"""`python -m tests.hostile`: count what the whole corpus does to a DAG of templates over `dag_run.conf`."""

from tests.hostile.corpus import corpus
from tests.hostile.naive import count_hits

count_hits([each.value for each in corpus() if isinstance(each.value, str)])

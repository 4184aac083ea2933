"""The stack on a laptop: the local cloud and Airflow as supervised processes, started, shown and ended as one."""

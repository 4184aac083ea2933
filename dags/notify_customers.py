"""# notify_customers

Tells customers how their extracts ended: a signed webhook, and e-mail. Who wants what is set by `landfall contacts`.

**Starts** when an extract has ended (events wait in the queues `landfall-<environment>-webhooks` and `-mails`), and
every hour.

**Reads** the queues, and customers' contacts in Secrets Manager. **Sends** each event at least once; its id is always
the same, so that a receiver can leave out what it has had. Each task returns how many were sent, had nobody to tell,
will be tried again later, or were given up since the receiver answered 410.

**If a receiver does not answer** with 2xx within 15 s, its event is tried again after 30 s, 2 min, 8 min and so on, 8
times over two days; then it lies in `<queue>-dead`, the alarm of that name tells, and `landfall redeliver webhooks`
sends it once more. **If a task fails**, clear it: what it held comes back to the queue by itself. For mails Airflow
needs the SMTP connection `landfall_smtp`. Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from landfall.assets import waiting_messages
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(
    schedule=AssetOrTimeSchedule(
        assets=AssetAny(waiting_messages("webhooks"), waiting_messages("mails")),
        timetable=CronTriggerTimetable("30 * * * *", timezone="UTC", run_immediately=timedelta(0)),
    ),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.EXTRACT, Tag.SCHEDULED],
)
def notify_customers() -> None:
    @task
    def send_webhooks() -> dict[str, int]:
        """Post what waits to the customers' addresses."""
        from landfall.notify.deliver import deliver_all
        from landfall.settings import Settings

        return deliver_all("webhooks", settings=Settings.from_environment())

    @task
    def send_mails() -> dict[str, int]:
        """Mail what waits."""
        from landfall.notify.deliver import deliver_all
        from landfall.settings import Settings

        return deliver_all("mails", settings=Settings.from_environment())

    send_webhooks()
    send_mails()


notify_customers()

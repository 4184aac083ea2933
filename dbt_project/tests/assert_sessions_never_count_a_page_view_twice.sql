{{ config(enabled=(target.name == 'lake'), group='web') }}

-- Sessions that merged must leave one row: a row left over would count its views again. Fewer views than were loaded
-- are no fault here, since a load may commit while the models run.
with

from_views as (
    select
        session_date,
        count(*) as page_views
    from {{ ref('int_page_views__sessionized') }}
    where {{ tested_on('session_date') }}
    group by session_date
),

from_sessions as (
    select
        session_date,
        sum(page_views) as page_views
    from {{ ref('fct_sessions') }}
    where {{ tested_on('session_date') }}
    group by session_date
)

select
    from_sessions.session_date,
    from_views.page_views as views_loaded,
    from_sessions.page_views as views_in_sessions
from from_sessions
left join from_views on from_sessions.session_date = from_views.session_date
where from_sessions.page_views > coalesce(from_views.page_views, 0)

-- Users, groups, roles, what they were granted, and row-level security, as the system views show them.
CREATE VIEW localsys.sys.rs_users AS
    SELECT user_name, bool_or(superuser) AS superuser, bool_or(superuser OR createdb) AS createdb, max(valid_until) AS valid_until FROM (
        SELECT principal_name AS user_name, is_superuser AS superuser, coalesce(can_create_database, false) AS createdb, valid_until
            FROM "{database}".pg_landfall.principals WHERE kind = 'user'
        UNION ALL SELECT owner, true, true, NULL FROM localsys.sys.rs_namespaces
            WHERE owner NOT IN (SELECT principal_name FROM "{database}".pg_landfall.principals WHERE kind LIKE '%user')
        UNION ALL SELECT owner, true, true, NULL FROM localsys.sys.rs_relations
            WHERE owner NOT IN (SELECT principal_name FROM "{database}".pg_landfall.principals WHERE kind LIKE '%user')
        UNION ALL SELECT getvariable('rs_user'), true, true, NULL
            WHERE getvariable('rs_user') NOT IN (SELECT principal_name FROM "{database}".pg_landfall.principals WHERE kind LIKE '%user'))
    GROUP BY user_name;
CREATE VIEW localsys.sys.rs_holders AS
    WITH RECURSIVE held(user_name, name, kind) AS (
        SELECT user_name, user_name, 'user' FROM localsys.sys.rs_users
        UNION SELECT h.user_name, m.granted, m.granted_kind
            FROM held h JOIN "{database}".pg_landfall.memberships m ON m.member = h.name AND m.member_kind = h.kind)
    SELECT user_name, name, kind FROM held UNION ALL SELECT user_name, 'public', 'public' FROM localsys.sys.rs_users;
CREATE VIEW localsys.sys.rs_superusers AS
    SELECT user_name FROM localsys.sys.rs_users WHERE superuser
    UNION SELECT user_name FROM localsys.sys.rs_holders WHERE name = 'sys:superuser' AND kind = 'role';
CREATE VIEW localsys.sys.rs_rights AS
    SELECT h.user_name, p.object_kind, p.object_oid, p.column_name, p.privilege FROM localsys.sys.rs_holders h
        JOIN "{database}".pg_landfall.privileges p ON p.grantee = h.name AND p.grantee_kind = h.kind;
CREATE MACRO rsi_wanted(words) AS regexp_split_to_array(replace(lower(words), ' with grant option', ''), '\s*,\s*');
CREATE MACRO rsi_is_system(wanted) AS replace(lower(wanted::VARCHAR), 'pg_catalog.', '') IN (
    SELECT view_name FROM duckdb_views() WHERE database_name = 'localsys' AND schema_name = 'sys');
CREATE MACRO rsi_named_relation(wanted) AS (
    SELECT coalesce(min(oid), CASE WHEN rsi_is_system(wanted) THEN 0 ELSE error('relation "' || wanted || '" does not exist') END) FROM localsys.sys.rs_relations
    WHERE lower(replace(wanted::VARCHAR, '"', '')) IN (oid::VARCHAR, schema_name || '.' || relation_name, '{database}.' || schema_name || '.' || relation_name)
        OR (relation_name = lower(replace(wanted::VARCHAR, '"', '')) AND (schema_oid = 13 OR list_contains(getvariable('rs_search_path'), schema_name))));
CREATE MACRO rsi_table_right(wanted_user, wanted, words) AS
    wanted_user IN (SELECT user_name FROM localsys.sys.rs_superusers) OR rsi_is_system(wanted)
        OR EXISTS (SELECT 1 FROM localsys.sys.rs_relations r WHERE r.oid = rsi_named_relation(wanted) AND r.owner = wanted_user)
        OR EXISTS (SELECT 1 FROM localsys.sys.rs_rights g WHERE g.user_name = wanted_user AND g.object_kind = 'relation'
            AND g.object_oid = rsi_named_relation(wanted) AND g.column_name = '' AND list_contains(rsi_wanted(words), g.privilege));
CREATE MACRO rs_has_table_privilege
    (wanted_user, wanted, words) AS rsi_table_right(wanted_user, wanted, words),
    (wanted, words) AS rsi_table_right(getvariable('rs_user'), wanted, words);
CREATE MACRO rsi_schema_right(wanted_user, wanted, words) AS
    wanted_user IN (SELECT user_name FROM localsys.sys.rs_superusers)
        OR EXISTS (SELECT 1 FROM localsys.sys.rs_namespaces n WHERE n.schema_name = lower(wanted) AND n.owner = wanted_user)
        OR EXISTS (SELECT 1 FROM localsys.sys.rs_rights g JOIN localsys.sys.rs_namespaces n ON n.oid = g.object_oid
            WHERE g.user_name = wanted_user AND g.object_kind = 'schema' AND n.schema_name = lower(wanted) AND list_contains(rsi_wanted(words), g.privilege));
CREATE MACRO rs_has_schema_privilege
    (wanted_user, wanted, words) AS rsi_schema_right(wanted_user, wanted, words),
    (wanted, words) AS rsi_schema_right(getvariable('rs_user'), wanted, words);
CREATE MACRO rsi_database_right(wanted_user, wanted, words) AS
    wanted_user IN (SELECT user_name FROM localsys.sys.rs_superusers)
        OR EXISTS (SELECT 1 FROM localsys.sys.rs_rights g WHERE g.user_name = wanted_user AND g.object_kind = 'database'
            AND list_contains(rsi_wanted(replace(words, 'temporary', 'temp')), g.privilege));
CREATE MACRO rs_has_database_privilege
    (wanted_user, wanted, words) AS rsi_database_right(wanted_user, wanted, words),
    (wanted, words) AS rsi_database_right(getvariable('rs_user'), wanted, words);
CREATE MACRO rs_user_is_member_of(wanted_user, wanted) AS EXISTS (
    SELECT 1 FROM localsys.sys.rs_holders h WHERE h.user_name = wanted_user AND h.name = wanted AND h.kind IN ('role', 'group'));

CREATE VIEW localsys.sys.pg_user AS
    SELECT user_name AS usename, rs_user_id(user_name) AS usesysid, createdb AS usecreatedb, superuser AS usesuper, false AS usecatupd,
        '********' AS passwd, valid_until AS valuntil, NULL::VARCHAR AS useconfig FROM localsys.sys.rs_users;
CREATE VIEW localsys.sys.pg_user_info AS
    SELECT *, NULL::VARCHAR AS useconnlimit FROM localsys.sys.pg_user;
CREATE VIEW localsys.sys.pg_group AS
    SELECT principal_name AS groname, rs_user_id(principal_name) AS grosysid,
        (SELECT list(rs_user_id(m.member)) FROM "{database}".pg_landfall.memberships m WHERE m.granted = principal_name AND m.granted_kind = 'group') AS grolist
    FROM "{database}".pg_landfall.principals WHERE kind = 'group';
CREATE VIEW localsys.sys.svv_user_info AS
    SELECT user_name, rs_user_id(user_name) AS user_id, createdb, superuser, false AS catalog_update, 'UNLIMITED' AS connection_limit,
        CASE WHEN superuser THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslog_access, NULL::TIMESTAMP AS last_ddl_ts,
        0 AS session_timeout, NULL::VARCHAR AS external_user_id FROM localsys.sys.rs_users;
CREATE VIEW localsys.sys.svv_roles AS
    SELECT rs_user_id(principal_name) AS role_id, principal_name AS role_name, owner AS role_owner, NULL::VARCHAR AS external_id
        FROM "{database}".pg_landfall.principals WHERE kind = 'role'
    UNION ALL SELECT rs_user_id(name), name, 'rdsdb', NULL
        FROM (VALUES ('sys:superuser'), ('sys:secadmin'), ('sys:dba'), ('sys:operator'), ('sys:monitor')) AS t(name);
CREATE VIEW localsys.sys.svv_user_grants AS
    SELECT rs_user_id(member) AS user_id, member AS user_name, rs_user_id(granted) AS role_id, granted AS role_name, admin_option
    FROM "{database}".pg_landfall.memberships WHERE member_kind = 'user' AND granted_kind = 'role';
CREATE VIEW localsys.sys.svv_role_grants AS
    SELECT rs_user_id(member) AS role_id, member AS role_name, rs_user_id(granted) AS granted_role_id, granted AS granted_role_name
    FROM "{database}".pg_landfall.memberships WHERE member_kind = 'role' AND granted_kind = 'role';
CREATE VIEW localsys.sys.rs_granted AS
    SELECT p.*, upper(privilege) AS privilege_type, rs_user_id(grantee) AS identity_id, grantee AS identity_name, grantee_kind AS identity_type,
        grant_option AS admin_option, r.schema_name, r.relation_name
    FROM "{database}".pg_landfall.privileges p LEFT JOIN "{database}".pg_landfall.relations r ON r.oid = p.object_oid AND p.object_kind = 'relation';
CREATE VIEW localsys.sys.svv_relation_privileges AS
    SELECT schema_name AS namespace_name, relation_name, privilege_type, identity_id, identity_name, identity_type, admin_option
    FROM localsys.sys.rs_granted WHERE object_kind = 'relation' AND column_name = '';
CREATE VIEW localsys.sys.svv_column_privileges AS
    SELECT schema_name AS namespace_name, relation_name, column_name, privilege_type, identity_id, identity_name, identity_type
    FROM localsys.sys.rs_granted WHERE object_kind = 'relation' AND column_name <> '';
CREATE VIEW localsys.sys.svv_schema_privileges AS
    SELECT n.schema_name AS namespace_name, privilege_type, identity_id, identity_name, identity_type, admin_option
    FROM localsys.sys.rs_granted g JOIN localsys.sys.rs_namespaces n ON n.oid = g.object_oid WHERE object_kind = 'schema';
CREATE VIEW localsys.sys.svv_database_privileges AS
    SELECT '{database}' AS database_name, privilege_type, identity_id, identity_name, identity_type, admin_option
    FROM localsys.sys.rs_granted WHERE object_kind = 'database';
CREATE VIEW localsys.sys.svv_system_privileges AS
    SELECT privilege_type AS system_privilege, identity_id, identity_name, identity_type FROM localsys.sys.rs_granted WHERE object_kind = 'system';
CREATE VIEW localsys.sys.svv_default_privileges AS
    SELECT nullif(schema_name, '') AS schema_name, upper(object_kind) AS object_type, rs_user_id(owner) AS owner_id, owner AS owner_name,
        'user' AS owner_type, upper(privilege) AS privilege_type, rs_user_id(grantee) AS grantee_id, grantee AS grantee_name,
        grantee_kind AS grantee_type, grant_option AS admin_option FROM "{database}".pg_landfall.default_privileges;
CREATE VIEW localsys.info.table_privileges AS
    SELECT grantor, identity_name AS grantee, '{database}' AS table_catalog, schema_name AS table_schema, relation_name AS table_name,
        privilege_type, CASE WHEN admin_option THEN 'YES' ELSE 'NO' END AS is_grantable, 'NO' AS with_hierarchy
    FROM localsys.sys.rs_granted WHERE object_kind = 'relation' AND column_name = '';

-- Only superusers and sys:secadmin see the policies.
CREATE MACRO rsi_is_security_administrator() AS EXISTS (
    SELECT 1 FROM localsys.sys.rs_superusers WHERE user_name = getvariable('rs_user')
    UNION ALL SELECT 1 FROM localsys.sys.rs_holders WHERE user_name = getvariable('rs_user') AND name = 'sys:secadmin');
CREATE VIEW localsys.sys.svv_rls_policy AS
    SELECT '{database}' AS poldb, policy_name AS polname, nullif(alias, '') AS polalias, columns AS polatts, predicate AS polqual,
        true AS polenabled, owner AS polmodifiedby, modified_at AS polmodifiedtime
    FROM "{database}".pg_landfall.rls_policies WHERE rsi_is_security_administrator();
CREATE VIEW localsys.sys.svv_rls_attached_policy AS
    SELECT r.schema_name AS relschema, r.relation_name AS relname, CASE r.kind WHEN 'v' THEN 'view' ELSE 'table' END AS relkind,
        p.policy_name AS polname, a.attached_by AS grantor, a.grantee, a.grantee_kind AS granteekind, true AS is_pol_on,
        l.relation_oid IS NOT NULL AS is_rls_on, lower(coalesce(l.conjunction, 'AND')) AS rls_conjunction_type
    FROM "{database}".pg_landfall.rls_attachments a JOIN "{database}".pg_landfall.rls_policies p ON p.oid = a.policy_oid
    JOIN "{database}".pg_landfall.relations r ON r.oid = a.relation_oid
    LEFT JOIN "{database}".pg_landfall.rls_relations l ON l.relation_oid = r.oid WHERE rsi_is_security_administrator();
CREATE VIEW localsys.sys.svv_rls_relation AS
    SELECT '{database}' AS datname, r.schema_name AS relschema, r.relation_name AS relname,
        CASE r.kind WHEN 'v' THEN 'view' ELSE 'table' END AS relkind, true AS is_rls_on, false AS is_rls_datashare_on,
        lower(l.conjunction) AS rls_conjunction_type, NULL::VARCHAR AS rls_datashare_conjunction_type
    FROM "{database}".pg_landfall.rls_relations l JOIN "{database}".pg_landfall.relations r ON r.oid = l.relation_oid
    WHERE rsi_is_security_administrator();

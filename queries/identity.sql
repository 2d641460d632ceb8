-- name: LockGroupRoles :exec
-- Roles are decided while no group changes its role.
LOCK TABLE group_role IN SHARE MODE;

-- name: LockGroupRolesToChange :exec
LOCK TABLE group_role IN SHARE ROW EXCLUSIVE MODE;

-- name: RolesOfGroups :many
SELECT DISTINCT role FROM group_role WHERE group_name = ANY (@groups::text[]);

-- name: UpsertPerson :one
-- A sign-in brings name, address, groups and roles up to date.
INSERT INTO person (issuer, subject, email, name, groups, roles, signed_in_at)
VALUES (@issuer, @subject, @email, @name, @groups, @roles, @signed_in_at)
ON CONFLICT (issuer, subject) DO UPDATE
SET email = excluded.email, name = excluded.name, groups = excluded.groups, roles = excluded.roles,
    signed_in_at = CASE WHEN person.disabled_at IS NULL THEN excluded.signed_in_at ELSE person.signed_in_at END
RETURNING *;

-- name: TakeRoles :many
-- Somebody whose groups no longer give a role; nobody when they never had one.
UPDATE person SET groups = @groups, roles = '{}' WHERE issuer = @issuer AND subject = @subject RETURNING id;

-- name: RolesBefore :many
-- Locked until the sign-in is written down; none when the person is new.
SELECT roles FROM person WHERE issuer = @issuer AND subject = @subject FOR UPDATE;

-- name: AddOrigin :execrows
INSERT INTO person_origin (person_id, kind, value, first_at, last_at) VALUES (@person_id, @kind, @value, @at, @at) ON CONFLICT DO NOTHING;

-- name: SeeOrigin :exec
UPDATE person_origin SET last_at = greatest(last_at, @at) WHERE person_id = @person_id AND kind = @kind AND value = @value;

-- name: ForgetOrigins :exec
DELETE FROM person_origin WHERE person_id = @person_id AND last_at < @before;

-- name: CountFailedSignIn :one
-- How many sign-ins from an address failed within the hour. Those of long ago are swept out.
WITH swept AS (DELETE FROM failed_sign_in WHERE failed_sign_in.hour < @before)
INSERT INTO failed_sign_in (address, hour, tries) VALUES (@address, @hour, 1)
ON CONFLICT (address, hour) DO UPDATE SET tries = failed_sign_in.tries + 1
RETURNING tries;

-- name: GetPerson :one
SELECT * FROM person WHERE id = $1;

-- name: LockPerson :one
SELECT * FROM person WHERE id = $1 FOR UPDATE;

-- name: ListPeople :many
SELECT * FROM person ORDER BY disabled_at IS NOT NULL, lower(name), id;

-- name: ListGroupRoles :many
SELECT group_name, role FROM group_role ORDER BY lower(group_name), group_name, role;

-- name: RolesOfGroup :many
SELECT role FROM group_role WHERE group_name = $1;

-- name: RemoveGroupRoles :exec
DELETE FROM group_role WHERE group_name = $1;

-- name: AddGroupRole :exec
INSERT INTO group_role (group_name, role) VALUES ($1, $2);

-- name: CountGroupsWithRole :one
SELECT count(*) FROM group_role WHERE role = $1;

-- name: CountGroupRoles :one
SELECT count(*) FROM group_role;

-- name: RefreshRolesOfGroup :execrows
-- The people of a group whose role changed.
UPDATE person
SET roles = coalesce((SELECT array_agg(DISTINCT g.role) FROM group_role g WHERE g.group_name = ANY (person.groups)), '{}')
WHERE person.groups @> ARRAY[@group_name::text];

-- name: DisablePerson :exec
UPDATE person SET disabled_at = @at, signed_out_at = @at WHERE id = @id;

-- name: EnablePerson :exec
UPDATE person SET disabled_at = NULL WHERE id = $1;

-- name: SignOutPerson :exec
UPDATE person SET signed_out_at = @at WHERE id = @id;

-- name: SetPreferences :exec
UPDATE person SET time_zone = @time_zone, theme = @theme, negatives = @negatives WHERE id = @id;

-- name: ScopePerson :exec
UPDATE person SET scoped = @scoped WHERE id = @id;

-- name: ConnectionsOfPerson :many
SELECT connection_id FROM person_connection WHERE person_id = $1 ORDER BY connection_id;

-- name: ConnectionsOfPeople :many
SELECT person_id, connection_id FROM person_connection ORDER BY person_id, connection_id;

-- name: RemoveConnectionsOfPerson :exec
DELETE FROM person_connection WHERE person_id = $1;

-- name: AddConnectionsOfPerson :exec
INSERT INTO person_connection (person_id, connection_id) SELECT DISTINCT @person_id::bigint, id FROM unnest(@connections::bigint[]) AS id;

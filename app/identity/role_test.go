package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/identity"
)

func TestRolesMayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		permission identity.Permission
		roles      []identity.Role
	}{
		{identity.ViewBooks, identity.AllRoles()},
		{identity.Export, []identity.Role{identity.Ops, identity.Accountant, identity.Approver, identity.Auditor}},
		{identity.UploadReports, []identity.Role{identity.Ops, identity.Accountant}},
		{identity.ResolveExceptions, []identity.Role{identity.Ops, identity.Accountant}},
		{identity.Comment, []identity.Role{identity.Ops, identity.Accountant, identity.Approver}},
		{identity.MapProducts, []identity.Role{identity.Ops, identity.Accountant}},
		{identity.RunFlows, []identity.Role{identity.Ops, identity.Admin}},
		{identity.EditRules, []identity.Role{identity.Accountant}},
		{identity.PublishRules, []identity.Role{identity.Approver}},
		{identity.PrepareEntries, []identity.Role{identity.Accountant}},
		{identity.ApproveEntries, []identity.Role{identity.Approver}},
		{identity.PostEntries, []identity.Role{identity.Accountant, identity.Approver}},
		{identity.PrepareCloses, []identity.Role{identity.Accountant}},
		{identity.ApproveCloses, []identity.Role{identity.Approver}},
		{identity.ManageRates, []identity.Role{identity.Accountant}},
		{identity.ManageConnections, []identity.Role{identity.Admin}},
		{identity.ManagePolicies, []identity.Role{identity.Admin}},
		{identity.ManagePeople, []identity.Role{identity.Admin}},
		{identity.ManageAlerts, []identity.Role{identity.Admin}},
		{identity.ManageJobs, []identity.Role{identity.Admin}},
		{identity.ViewAdministration, []identity.Role{identity.Admin, identity.Auditor}},
		{identity.ViewAudit, []identity.Role{identity.Admin, identity.Auditor}},
	} {
		require.Equal(t, c.roles, identity.RolesWith(c.permission), c.permission)
	}
	require.Empty(t, identity.RolesWith("fly"))
}

func TestAPersonMayWhatAnyOfTheirRolesMay(t *testing.T) {
	t.Parallel()
	both := identity.Person{Roles: []identity.Role{identity.Accountant, identity.Approver}}
	require.True(t, both.Can(identity.PrepareEntries))
	require.True(t, both.Can(identity.ApproveEntries))
	require.False(t, both.Can(identity.ManagePeople))
	require.Equal(t, "Accountant, approver", both.RoleTitles())
	require.False(t, identity.Person{}.Can(identity.ViewBooks))
}

func TestGroupRolesAreRead(t *testing.T) {
	t.Parallel()
	pairs, err := identity.ParseGroupRoles("CN=Finance,OU=x=accountant; admins = Admin ;;")
	require.NoError(t, err)
	require.Equal(t, []identity.GroupRole{{Group: "CN=Finance,OU=x", Role: identity.Accountant}, {Group: "admins", Role: identity.Admin}}, pairs)
	for _, wrong := range []string{"finance", "=admin", "finance=boss", "finance="} {
		_, err := identity.ParseGroupRoles(wrong)
		require.Error(t, err, wrong)
	}
}

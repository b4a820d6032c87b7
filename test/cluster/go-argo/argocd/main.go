// argocd is those parts of Argo CD that deploy: each is the command of Argo CD itself, chosen by the name that it is
// started under (or by ARGOCD_BINARY_NAME), as in Argo CD's own main, which has its API server, its UI and its CLI too.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	gitaskpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/common"
)

func main() {
	name := filepath.Base(os.Args[0])
	if given := os.Getenv("ARGOCD_BINARY_NAME"); given != "" {
		name = given
	}
	commands := map[string]func() *cobra.Command{
		common.CommandApplicationController:    controller.NewCommand,
		common.CommandApplicationSetController: applicationset.NewCommand,
		common.CommandGitAskPass:               gitaskpass.NewCommand,
		common.CommandRepoServer:               reposerver.NewCommand,
	}
	command, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "no part of Argo CD is called %s\n", name)
		os.Exit(2)
	}
	part := command()
	part.SilenceUsage = true
	if err := part.Execute(); err != nil {
		os.Exit(1)
	}
}

// argojudge answers what Argo CD itself makes of an Application (the repo server's manifests) and of an ApplicationSet
// (the controller's Applications). Questions are lines of JSON on standard input, answers lines on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
	_ "unsafe" // for go:linkname: what is asked of a time is asked of the present only by what is exported

	"github.com/bmatcuk/doublestar/v4"
	log "github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/git"
	"github.com/argoproj/argo-cd/v3/util/glob"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
)

type question struct {
	Files map[string]string `json:"files"`
	// Text of an Application or of an ApplicationSet.
	Application    string   `json:"application,omitempty"`
	ApplicationSet string   `json:"applicationSet,omitempty"`
	KubeVersion    string   `json:"kubeVersion,omitempty"`
	APIVersions    []string `json:"apiVersions,omitempty"`
	// Or: texts that the build environment is put into, with ARGOCD_APP_NAME alone.
	Expand []string `json:"expand,omitempty"`
	// Or: a dialect, a pattern and a text each.
	Globs [][3]string `json:"globs,omitempty"`
	// Or: sync windows, each with an Application and a time.
	Windows []windowed `json:"windows,omitempty"`
}

type windowed struct {
	Windows     v1alpha1.SyncWindows            `json:"windows"`
	Name        string                          `json:"name"`
	Destination v1alpha1.ApplicationDestination `json:"destination"`
	// Milliseconds since the epoch.
	Time int64 `json:"time"`
}

type answer struct {
	// JSON of each object, or of each Application.
	Objects []json.RawMessage `json:"objects"`
	// What the texts come to.
	Expanded []string `json:"expanded,omitempty"`
	// Whether each pattern matches; null where it is none.
	Matches []*bool `json:"matches,omitempty"`
	// Of each Application: `none`, `error`, or whether automated syncs and those by hand are allowed (`true false`).
	Syncs []string `json:"syncs,omitempty"`
	Error   string  `json:"error,omitempty"`
}

func main() {
	log.SetOutput(io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if err := out.Encode(answerTo(line)); err != nil {
				os.Exit(1)
			}
		}
		if err != nil {
			return
		}
	}
}

func answerTo(line []byte) (result answer) {
	defer func() {
		if r := recover(); r != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", r)}
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	if asked.Expand != nil {
		return answer{Expanded: expanded(asked.Expand)}
	}
	if asked.Globs != nil {
		return answer{Matches: matches(asked.Globs)}
	}
	if asked.Windows != nil {
		return answer{Syncs: syncs(asked.Windows)}
	}
	root, err := os.MkdirTemp("", "argojudge-")
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer os.RemoveAll(root)
	for name, text := range asked.Files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return answer{Error: err.Error()}
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return answer{Error: err.Error()}
		}
	}
	var objects []json.RawMessage
	if asked.ApplicationSet != "" {
		objects, err = applications(root, asked)
	} else {
		objects, err = manifests(root, asked)
	}
	if err != nil {
		return answer{Error: strings.ReplaceAll(err.Error(), root, "")}
	}
	return answer{Objects: objects}
}

func expanded(texts []string) []string {
	env := v1alpha1.Env{&v1alpha1.EnvEntry{Name: "ARGOCD_APP_NAME", Value: "web"}}
	found := []string{}
	for _, text := range texts {
		found = append(found, env.Envsubst(text))
	}
	return found
}

func matches(globs [][3]string) []*bool {
	found := []*bool{}
	for _, one := range globs {
		found = append(found, match(one[0], one[1], one[2]))
	}
	return found
}

//go:linkname canSyncAtTime github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1.(*SyncWindows).canSyncAtTime
func canSyncAtTime(w *v1alpha1.SyncWindows, isManual bool, checkTime time.Time) (bool, error)

func syncs(asked []windowed) []string {
	found := []string{}
	for _, one := range asked {
		app := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Name: one.Name}}
		app.Spec.Destination = one.Destination
		found = append(found, syncsOf(one.Windows.Matches(app), time.UnixMilli(one.Time)))
	}
	return found
}

func syncsOf(windows *v1alpha1.SyncWindows, at time.Time) string {
	if !windows.HasWindows() {
		return "none"
	}
	automated, err := canSyncAtTime(windows, false, at)
	if err != nil {
		return "error"
	}
	manual, err := canSyncAtTime(windows, true, at)
	if err != nil {
		return "error"
	}
	return fmt.Sprintf("%t %t", automated, manual)
}

// match is nil for what is no pattern; gobwas ends in a panic over some of those.
func match(dialect, pattern, text string) (result *bool) {
	defer func() { _ = recover() }()
	var matched bool
	var err error
	switch dialect {
	case "gobwas":
		matched, err = glob.MatchWithError(pattern, text)
	case "path":
		matched, err = path.Match(pattern, text)
	default:
		matched, err = doublestar.Match(pattern, text)
	}
	if err != nil {
		return nil
	}
	return &matched
}

// manifests is what the repo server gives for each source of the Application, one after the other.
func manifests(root string, asked question) ([]json.RawMessage, error) {
	var app v1alpha1.Application
	if err := yaml.UnmarshalStrict([]byte(asked.Application), &app); err != nil {
		return nil, err
	}
	app.Spec = *argo.NormalizeApplicationSpec(&app.Spec)
	sources := app.Spec.GetSources()
	refs := map[string]*v1alpha1.RefTarget{}
	paths := utilio.NewRandomizedTempPaths(os.TempDir())
	for _, source := range sources {
		paths.Add(git.NormalizeGitURL(source.RepoURL), root)
		if source.Ref != "" {
			refs["$"+source.Ref] = &v1alpha1.RefTarget{Repo: v1alpha1.Repository{Repo: source.RepoURL}, TargetRevision: source.TargetRevision}
		}
	}
	objects := []json.RawMessage{}
	for i := range sources {
		source := sources[i]
		if source.Ref != "" && source.Path == "" && source.Chart == "" {
			continue
		}
		response, err := repository.GenerateManifests(context.Background(), filepath.Join(root, source.Path), root, "0123456789012345678901234567890123456789", &apiclient.ManifestRequest{
			Repo:               &v1alpha1.Repository{Repo: source.RepoURL},
			AppName:            app.Name,
			Namespace:          app.Spec.Destination.Namespace,
			ApplicationSource:  &source,
			KubeVersion:        asked.KubeVersion,
			ApiVersions:        asked.APIVersions,
			HasMultipleSources: app.Spec.HasMultipleSources(),
			RefSources:         refs,
			ProjectName:        app.Spec.GetProject(),
		}, false, git.NoopCredsStore{}, resource.MustParse("0"), paths)
		if err != nil {
			return nil, err
		}
		for _, manifest := range response.Manifests {
			objects = append(objects, json.RawMessage(manifest))
		}
	}
	return objects, nil
}

// applications is what the ApplicationSet controller would create.
func applications(root string, asked question) ([]json.RawMessage, error) {
	var set v1alpha1.ApplicationSet
	if err := yaml.UnmarshalStrict([]byte(asked.ApplicationSet), &set); err != nil {
		return nil, err
	}
	if out, err := exec.Command("sh", "-c", "cd \"$0\" && git init --quiet && git add --all", root).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git: %s", out)
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	project := &v1alpha1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: "argocd"}}
	client := fake.NewClientBuilder().WithScheme(scheme).WithObjects(project).Build()
	terminal := map[string]generators.Generator{
		"List": generators.NewListGenerator(),
		"Git":  generators.NewGitGenerator(checkout{root}, "argocd"),
	}
	nested := map[string]generators.Generator{"List": terminal["List"], "Git": terminal["Git"]}
	nested["Matrix"] = generators.NewMatrixGenerator(terminal)
	nested["Merge"] = generators.NewMergeGenerator(terminal)
	all := map[string]generators.Generator{"List": terminal["List"], "Git": terminal["Git"]}
	all["Matrix"] = generators.NewMatrixGenerator(nested)
	all["Merge"] = generators.NewMergeGenerator(nested)
	found, _, err := template.GenerateApplications(log.NewEntry(log.StandardLogger()), set, all, &utils.Render{}, client)
	if err != nil {
		return nil, err
	}
	objects := []json.RawMessage{}
	for _, app := range found {
		text, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": app.Name, "namespace": app.Namespace}, "spec": app.Spec})
		if err != nil {
			return nil, err
		}
		objects = append(objects, text)
	}
	return objects, nil
}

// checkout is the repo server's view of one repository, by the commands that it uses.
type checkout struct{ root string }

func (c checkout) GetFiles(_ context.Context, _, _, _, pattern string, _ bool, _ *v1alpha1.SourceIntegrity) (map[string][]byte, error) {
	cmd := exec.Command("git", "ls-files", "--full-name", "-z", "--", pattern)
	cmd.Dir = c.root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range strings.Split(string(out), "\x00") {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(c.root, name))
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

func (c checkout) GetDirectories(_ context.Context, _, _, _ string, _ bool, _ *v1alpha1.SourceIntegrity) ([]string, error) {
	var found []string
	err := filepath.WalkDir(c.root, func(folder string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if relative, _ := filepath.Rel(c.root, folder); relative != "." {
			found = append(found, relative)
		}
		return nil
	})
	return found, err
}

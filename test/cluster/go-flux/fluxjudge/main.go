// Command fluxjudge answers what Flux makes of a text: the judge over the project's own post-build substitution.
//
// It reads JSON lines from standard input and answers each, in order, with one line:
//
//	{"text","variables","strict"} is given to envsubst: {"output"} (base64: slices may cut a character) or {"error"}.
//	{"runes":true} gives the simple case mappings of every code point that has one: {"cases":[[code,lower,upper]…]},
//	and those that may be part of a name: {"names":[[first,last]…]}.
//	{"files","postBuild"} is built by kustomize from memory, and each object goes through Flux's substitution:
//	{"before":[…],"after":[…]}, each object in the form that is substituted in, and as JSON of what is applied.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode"

	"github.com/fluxcd/pkg/envsubst"
	fluxkustomize "github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

type question struct {
	Text      string            `json:"text"`
	Variables map[string]string `json:"variables"`
	Strict    bool              `json:"strict"`
	Runes     bool              `json:"runes"`
	Files     map[string]string `json:"files"`
	PostBuild map[string]any    `json:"postBuild"`
}

type answer struct {
	Output []byte            `json:"output,omitempty"`
	Cases  [][3]rune         `json:"cases,omitempty"`
	Names  [][2]rune         `json:"names,omitempty"`
	Before []string          `json:"before,omitempty"`
	After  []json.RawMessage `json:"after,omitempty"`
	Error  string            `json:"error,omitempty"`
}

func main() {
	if err := run(bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "fluxjudge:", err)
		os.Exit(1)
	}
}

func run(lines *bufio.Reader, replies *json.Encoder) error {
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			var asked question
			if err := json.Unmarshal(line, &asked); err != nil {
				return fmt.Errorf("not a question: %w", err)
			}
			if err := replies.Encode(safely(asked)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// safely makes an error of a panic, which costs the controller the reconciliation as any other error does.
func safely(asked question) (reply answer) {
	defer func() {
		if cause := recover(); cause != nil {
			reply = answer{Error: fmt.Sprint("panic: ", cause)}
		}
	}()
	switch {
	case asked.Runes:
		return runes()
	case asked.Files != nil:
		return built(asked)
	default:
		return evaluated(asked)
	}
}

func evaluated(asked question) answer {
	output, err := envsubst.Eval(asked.Text, func(name string) (string, bool) {
		value, exists := asked.Variables[name]
		return value, exists || !asked.Strict
	})
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: []byte(output)}
}

func runes() (reply answer) {
	for code := rune(0); code <= unicode.MaxRune; code++ {
		if code >= 0xd800 && code <= 0xdfff {
			continue
		}
		if lower, upper := unicode.ToLower(code), unicode.ToUpper(code); lower != code || upper != code {
			reply.Cases = append(reply.Cases, [3]rune{code, lower, upper})
		}
		if !unicode.IsLetter(code) && !unicode.IsDigit(code) && code != '_' {
			continue
		}
		if last := len(reply.Names) - 1; last >= 0 && reply.Names[last][1] == code-1 {
			reply.Names[last][1] = code
		} else {
			reply.Names = append(reply.Names, [2]rune{code, code})
		}
	}
	return reply
}

func built(asked question) answer {
	resources, err := build(asked.Files)
	if err != nil {
		return answer{Error: err.Error()}
	}
	reply := answer{}
	kustomization := unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"postBuild": asked.PostBuild}}}
	always := asked.PostBuild["substituteStrategy"] == "Always"
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return answer{Error: err.Error()}
		}
		reply.Before = append(reply.Before, string(text))
		// No cluster is asked: there is no substituteFrom.
		changed, err := fluxkustomize.SubstituteVariables(context.Background(), nil, kustomization, resource,
			fluxkustomize.SubstituteWithStrict(asked.Strict), fluxkustomize.SubstituteWithAlways(always))
		if err == nil && changed != nil {
			_, err = resources.Replace(resource)
		}
		if err != nil {
			return answer{Before: reply.Before, Error: err.Error()}
		}
	}
	for _, resource := range resources.Resources() {
		// What the controller prints, and reads again to apply it.
		text, err := resource.AsYAML()
		if err != nil {
			return answer{Before: reply.Before, Error: err.Error()}
		}
		applied, err := yaml.YAMLToJSON(text)
		if err != nil {
			return answer{Before: reply.Before, Error: err.Error()}
		}
		reply.After = append(reply.After, applied)
	}
	return reply
}

func build(files map[string]string) (resmap.ResMap, error) {
	memory := filesys.MakeFsInMemory()
	for path, text := range files {
		if err := memory.WriteFile(path, []byte(text)); err != nil {
			return nil, err
		}
	}
	return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, ".")
}

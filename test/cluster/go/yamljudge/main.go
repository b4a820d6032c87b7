// Command yamljudge answers what Kubernetes' own YAML reader makes of a text: the judge over the project's own readers.
//
// Without arguments it reads JSON lines {"id","yaml"} from standard input and answers each, in order, with
// {"id","json"} (the text of yaml.YAMLToJSON) or {"id","error"}.
//
// With file names it splits each file into documents as Kubernetes does and prints one line for each of them:
// {"file","document","reader","json"} or {"file","document","reader","error"}. Each file is read twice: as "YAMLReader"
// (cut at separators, each piece converted by itself; ends where the cutting fails) and as "YAMLOrJSONDecoder" (what
// kubectl applies; ends at the first error, as kubectl does). A document without content is "null" to the first and
// "" to the second.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type question struct {
	ID   string `json:"id"`
	YAML string `json:"yaml"`
}

type answer struct {
	ID       *string `json:"id,omitempty"`
	File     string  `json:"file,omitempty"`
	Document *int    `json:"document,omitempty"`
	Reader   string  `json:"reader,omitempty"`
	JSON     *string `json:"json,omitempty"`
	Error    *string `json:"error,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := run(os.Args[1:], encoder, out)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "yamljudge:", err)
		os.Exit(1)
	}
}

func run(files []string, encoder *json.Encoder, out *bufio.Writer) error {
	if len(files) == 0 {
		return answerQuestions(encoder, out)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := splitByReader(file, content, encoder); err != nil {
			return err
		}
		if err := splitByDecoder(file, content, encoder); err != nil {
			return err
		}
	}
	return nil
}

// answerQuestions flushes after each line, so that one process can serve a whole test run through pipes.
func answerQuestions(encoder *json.Encoder, out *bufio.Writer) error {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var asked question
			if err := json.Unmarshal(line, &asked); err != nil {
				return fmt.Errorf("not a question: %w", err)
			}
			reply := convert([]byte(asked.YAML))
			reply.ID = &asked.ID
			if err := encoder.Encode(reply); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
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

func splitByReader(file string, content []byte, encoder *json.Encoder) error {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for index := 0; ; index++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		reply := answer{}
		if err != nil {
			reply = failed(err)
		} else {
			reply = convert(document)
		}
		reply.File, reply.Document, reply.Reader = file, &index, "YAMLReader"
		if printed := encoder.Encode(reply); printed != nil || err != nil {
			return printed
		}
	}
}

func splitByDecoder(file string, content []byte, encoder *json.Encoder) error {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for index := 0; ; index++ {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		reply := answer{}
		if err != nil {
			reply = failed(err)
		} else {
			text := string(raw)
			reply.JSON = &text
		}
		reply.File, reply.Document, reply.Reader = file, &index, "YAMLOrJSONDecoder"
		if printed := encoder.Encode(reply); printed != nil || err != nil {
			return printed
		}
	}
}

func convert(text []byte) (reply answer) {
	// The YAML library panics on some hostile inputs; to Kubernetes' callers that is no document either.
	defer func() {
		if panicked := recover(); panicked != nil {
			reply = failed(fmt.Errorf("panic: %v", panicked))
		}
	}()
	converted, err := yaml.YAMLToJSON(text)
	if err != nil {
		return failed(err)
	}
	result := string(converted)
	return answer{JSON: &result}
}

func failed(err error) answer {
	message := err.Error()
	return answer{Error: &message}
}

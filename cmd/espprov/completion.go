// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// completion are the commands that print a script for a shell. The scripts ask espprov
// itself, by its hidden command __complete; see package cli.
type completion struct {
	Bash bashCompletion `cmd:"" help:"the script for bash"`
	Zsh  zshCompletion  `cmd:"" help:"the script for zsh"`
	Fish fishCompletion `cmd:"" help:"the script for fish"`
}

// Help explains the commands.
func (completion) Help() string {
	return `Each prints the script with which a shell completes command lines of espprov: commands,
flags and their values, and otherwise names of files.`
}

type bashCompletion struct{}

func (bashCompletion) Help() string {
	return `Prints the script for bash 3.2 or later. This line in ~/.bashrc takes it:

  eval "$(espprov completion bash)"`
}

func (bashCompletion) Run(s cli.Streams) error { return printScript(s, bashScript) }

type zshCompletion struct{}

func (zshCompletion) Help() string {
	return `Prints the script for zsh. This line in ~/.zshrc takes it, behind the line with compinit:

  source <(espprov completion zsh)`
}

func (zshCompletion) Run(s cli.Streams) error { return printScript(s, zshScript) }

type fishCompletion struct{}

func (fishCompletion) Help() string {
	return `Prints the script for fish. This line in ~/.config/fish/config.fish takes it:

  espprov completion fish | source`
}

func (fishCompletion) Run(s cli.Streams) error { return printScript(s, fishScript) }

func printScript(s cli.Streams, script string) error {
	_, err := io.WriteString(s.Out, script)
	return err
}

const bashScript = `_espprov() {
	local word rest program="${1/#\~\//$HOME/}"
	COMPREPLY=()
	while IFS=$'\t' read -r word rest; do
		COMPREPLY+=("$word")
	done < <("$program" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _espprov espprov
`

const zshScript = `_espprov() {
	local line
	local -a found
	for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
		[[ -z $line ]] || found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done
	if (( $#found )); then
		_describe espprov found
	else
		_files
	fi
}
compdef _espprov espprov
`

const fishScript = `function __espprov_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l program $words[1]
	set -e words[1]
	set -l found ($program __complete $words "$current" 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path "$current"
	end
end
complete -c espprov -f -a '(__espprov_complete)'
`

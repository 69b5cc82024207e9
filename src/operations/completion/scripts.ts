// Each script asks `completion suggest` for lines of kind, value and description, with tabs between them, and lets the shell
// complete paths by itself.

const BASH = `# pinnacle: completion for bash
# For all users:  pinnacle completion bash > /etc/bash_completion.d/pinnacle
# For yourself:   pinnacle completion bash > ~/.local/share/bash-completion/completions/pinnacle
# For this shell: source <(pinnacle completion bash)

_pinnacle() {
  local words line kind value typed start
  # The line as it is typed: bash itself takes = and : for the end of a word.
  read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=('')
  typed=\${words[\${#words[@]} - 1]}
  start=\${typed%"\${typed##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r kind value _; do
    case $kind in
      word) COMPREPLY+=("\${value#"$start"}") ;;
      file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "\${value}") ;;
      folder) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "\${value}") ;;
    esac
  done < <("\${words[0]}" completion suggest -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _pinnacle pinnacle
`;

const ZSH = `#compdef pinnacle
# pinnacle: completion for zsh
# For all users:  pinnacle completion zsh > /usr/local/share/zsh/site-functions/_pinnacle
# For yourself:   pinnacle completion zsh > a folder of your fpath, under the name _pinnacle
# For this shell: source <(pinnacle completion zsh)

_pinnacle() {
  local -a found
  local kind value description
  while IFS=$'\\t' read -r kind value description; do
    case $kind in
      word) found+=("\${value//:/\\\\:}:$description") ;;
      file) compset -P '*='; _files; return ;;
      folder) compset -P '*='; _files -/; return ;;
    esac
  done < <("\${words[1]}" completion suggest -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe -V pinnacle found
}
if [[ "\${funcstack[1]}" == _pinnacle ]]; then _pinnacle "$@"; else compdef _pinnacle pinnacle; fi
`;

const FISH = `# pinnacle: completion for fish
# For yourself:   pinnacle completion fish > ~/.config/fish/completions/pinnacle.fish
# For this shell: pinnacle completion fish | source

function __pinnacle_suggest
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] completion suggest -- $words[2..] "$typed" 2>/dev/null)
        set -l parts (string split -m 2 \\t -- $line)
        switch $parts[1]
            case word
                printf '%s\\t%s\\n' $parts[2] $parts[3]
            case file
                __fish_complete_path $parts[2]
            case folder
                __fish_complete_directories $parts[2]
        end
    end
end
complete -c pinnacle -f -k -a '(__pinnacle_suggest)'
`;

const POWERSHELL = `# pinnacle: completion for PowerShell
# For yourself:   pinnacle completion powershell >> $profile
# For this shell: pinnacle completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName pinnacle -ScriptBlock {
    param($typed, $line, $cursor)
    $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor -or $_.Extent.Text -eq $typed } |
        ForEach-Object { $_.ToString() })
    if ($typed -eq '') { $words += '' }
    & $words[0] completion suggest -- $words[1..($words.Count - 1)] 2>$null | ForEach-Object {
        $kind, $value, $description = $_ -split "\`t", 3
        if ($kind -eq 'word') {
            if (-not $description) { $description = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
        }
    }
}
`;

/** The completion script of each shell; its first lines say how it is installed. */
export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
export type Scripts = typeof SCRIPTS;

# Completions of gobo-session for fish: gobo-session completions fish | source
function __gobo_session_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --cut-at-cursor --current-token)
    set -l lines (gobo-session complete fish (count $words) -- $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case 'command *'
            set -l first (math (string replace 'command ' '' $lines[1]) + 1)
            complete -C (string join ' ' -- (string escape -- $words[$first..]) "$current")
    end
    if set -q lines[2]
        printf '%s\n' $lines[2..]
    end
end
complete --command gobo-session --no-files --arguments '(__gobo_session_complete)'

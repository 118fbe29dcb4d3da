#compdef gobo-session
# Completions of gobo-session for zsh: eval "$(gobo-session completions zsh)"
_gobo-session() {
    local -a lines
    local place
    lines=("${(@f)$(gobo-session complete zsh $((CURRENT - 1)) -- "${(@Q)words}" 2>/dev/null)}")
    case $lines[1] in
        files) _files ;;
        folders) _files -/ ;;
        command\ *)
            place=${lines[1]#command }
            shift $place words
            (( CURRENT -= place ))
            _normal ;;
    esac
    shift lines
    (( $#lines )) && _describe -V value lines
}
compdef _gobo-session gobo-session

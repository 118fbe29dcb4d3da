# Completions of gobo-session for bash: eval "$(gobo-session completions bash)"
_gobo_session() {
    local -a lines
    mapfile -t lines < <(gobo-session complete bash "$COMP_CWORD" -- "${COMP_WORDS[@]}" 2>/dev/null)
    COMPREPLY=("${lines[@]:1}")
    case ${lines[0]-} in
        files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
        folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
        command\ *)
            if declare -F _command_offset >/dev/null; then
                _command_offset "${lines[0]#command }"
            elif [ "${lines[0]#command }" = "$COMP_CWORD" ]; then
                mapfile -t COMPREPLY < <(compgen -c -- "$2" | sort -u)
            else
                compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2")
            fi ;;
    esac
    case ${COMPREPLY[*]-} in
        *[=/]) compopt -o nospace ;;
    esac
}
complete -F _gobo_session gobo-session

# Host code that stops at its first error of memory or of undefined behaviour, for tests. What is not ours is left alone.
# The runtime of address must be loaded first: LD_PRELOAD it into a Python that is not built with it.

function(sanitize target)
    if(NOT AOTGEMM_SANITIZE)
        return()
    endif()
    # At -O1 a file compiles in 60% of the time of -O3 (GCC 12); the CPU backend's own files keep their -O3.
    set(flags -O1 -fsanitize=${AOTGEMM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${flags}>)
    target_link_options(${target} PRIVATE -fsanitize=${AOTGEMM_SANITIZE})
endfunction()

# A sanitizer's reports name functions and lines, which stripping would take from them.
set(strip_option -s)
if(AOTGEMM_SANITIZE)
    set(strip_option)
endif()

"""What recordings do to a voice, as filter graphs; clips are made of them by `clips.ClipShelf`."""

from __future__ import annotations

# What recordings do to a voice: filter graphs from [0:a], at 48 kHz.
_NOISES = (
    "aevalsrc='0.03*sin(2*PI*50*t)+0.02*sin(2*PI*100*t)+0.012*sin(2*PI*150*t)':s=48000[hum];"
    "anoisesrc=c=white:a=0.012:r=48000:seed=3[hiss];"
)
SPEECH_VARIANTS = {
    "normal": "[0:a]anull",
    # Close to a microphone and levelled by the recorder, as most lectures are.
    "levelled": "[0:a]volume=20dB,asoftclip=type=tanh,volume=-8dB",
    "quiet": "[0:a]volume=-24dB",
    "clipped": "[0:a]volume=20dB",
    "alternating": "[0:a]volume='if(lt(mod(t,10),5),1,0.0708)':eval=frame",
    # The teacher comes to the microphone only after half a minute.
    "soft-beginning": "[0:a]volume='if(lt(t,30),0.35,1)':eval=frame",
    "hum-and-hiss": _NOISES + "[0:a]volume=-8dB[voice];[voice][hum][hiss]amix=3:normalize=0:duration=first",
    "beneath-hum-and-hiss": "[0:a]volume=-8dB",
    "twice": "[0:a]pan=stereo|c0=c0|c1=c0",
    "left": "[0:a]pan=stereo|c0=c0|c1=0*c0",
    "right": "[0:a]pan=stereo|c0=0*c0|c1=c0",
    "turned": "[0:a]pan=stereo|c0=c0|c1=-1*c0",
    "stereo": "[0:a]asplit[a][b];[b]adelay=12[c];[a][c]join=2:channel_layout=stereo",
    # A jingle in stereo before a voice in both channels.
    "jingle": "aevalsrc='0.3*sin(440*2*PI*t)*lt(t,4)|0.3*sin(660*2*PI*t)*lt(t,4)':s=48000[jingle];"
    "[0:a]volume='gte(t,4)':eval=frame,pan=stereo|c0=c0|c1=c0[voice];"
    "[voice][jingle]amix=2:normalize=0:duration=first",
}
